/**
 * What stays of groups of duplicates, and what would be moved to the trash. Nothing here is chosen
 * to go: what goes is whatever was not chosen to stay, once a person has said so.
 */
import type { DuplicateGroup, DuplicateKind, DuplicatePhoto } from "../backend/dto";

/** Ids of photos that a person chose to stay. */
export type Chosen = ReadonlySet<number>;

export const NOTHING_CHOSEN: Chosen = new Set();

/** What would be moved, and what a person should know before. */
export interface TrashPlan {
  kind: DuplicateKind;
  /** Groups of which something is moved. */
  groups: number;
  /** What is moved; only files that can be reached. */
  photos: readonly DuplicatePhoto[];
  bytes: number;
  /** What stays by choice. */
  staying: readonly DuplicatePhoto[];
  /** Others that stay because they cannot be reached. */
  outOfReach: number;
  /** Groups of which no photo that stays can be reached now. */
  keptOutOfReach: number;
}

/** What stays of a group: what was chosen, or else what is suggested. */
export function staying(group: DuplicateGroup, chosen: Chosen): ReadonlySet<number> {
  const ids = group.photos.map(({ id }) => id).filter((id) => chosen.has(id));
  return new Set(ids.length > 0 ? ids : [group.keeper]);
}

/**
 * The choice once a photo of a group was chosen: it stays alone, or where several may stay it too,
 * or no longer it. At least one of a group always stays.
 */
export function choosing(
  chosen: Chosen,
  group: DuplicateGroup,
  photo: number,
  several: boolean,
): Chosen {
  const kept = new Set(several ? staying(group, chosen) : []);
  if (kept.has(photo) && kept.size > 1) kept.delete(photo);
  else kept.add(photo);
  const all = new Set(chosen);
  for (const { id } of group.photos) all.delete(id);
  for (const id of kept) all.add(id);
  return all;
}

export function planOf(
  kind: DuplicateKind,
  groups: readonly DuplicateGroup[],
  chosen: Chosen,
): TrashPlan {
  const photos: DuplicatePhoto[] = [];
  const kept: DuplicatePhoto[] = [];
  let [touched, outOfReach, keptOutOfReach] = [0, 0, 0];
  for (const group of groups) {
    const ids = staying(group, chosen);
    const stays = group.photos.filter(({ id }) => ids.has(id));
    const others = group.photos.filter(({ id }) => !ids.has(id));
    const reached = others.filter(({ offline }) => !offline);
    outOfReach += others.length - reached.length;
    if (reached.length === 0) continue;
    touched++;
    photos.push(...reached);
    kept.push(...stays);
    if (stays.every(({ offline }) => offline)) keptOutOfReach++;
  }
  const bytes = photos.reduce((sum, { size }) => sum + size, 0);
  return { kind, groups: touched, photos, bytes, staying: kept, outOfReach, keptOutOfReach };
}

/**
 * Ids of what of a plan can still be moved, and still stands beside a photo that stays: one whose
 * file is `there`, or one of which the person was told that it cannot be reached.
 */
export function unchanged(
  plan: TrashPlan,
  groups: readonly DuplicateGroup[],
  there: readonly number[],
): number[] {
  const reached = new Set(there);
  const stays = plan.staying.filter(({ id, offline }) => offline || reached.has(id));
  const kept = new Set(stays.map(({ id }) => id));
  const planned = new Set(plan.staying.map(({ id }) => id));
  const movable = new Set<number>();
  for (const group of groups) {
    if (!group.photos.some(({ id }) => kept.has(id))) continue;
    for (const { id, offline } of group.photos) if (!planned.has(id) && !offline) movable.add(id);
  }
  return plan.photos.map(({ id }) => id).filter((id) => movable.has(id));
}

/** The groups without photos that are gone. */
export function without(
  groups: readonly DuplicateGroup[],
  ids: readonly number[],
): DuplicateGroup[] {
  const gone = new Set(ids);
  return groups.flatMap((group) => {
    const photos = group.photos.filter(({ id }) => !gone.has(id));
    if (photos.length === group.photos.length) return [group];
    // Where the suggested one is gone, the engine has to suggest another.
    return photos.length < 2 || gone.has(group.keeper) ? [] : [{ ...group, photos }];
  });
}
