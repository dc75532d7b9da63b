/** Which photos of a list are chosen, by pointer and by keys, as lists are chosen from anywhere. */

/** Photos in order. */
export type Ids = readonly number[] | Uint32Array;

export interface Chosen {
  /** Ids of photos. */
  chosen: ReadonlySet<number>;
  /** The one that keys start from. */
  current: number | null;
  /** Where a range begins. */
  anchor: number | null;
}

export const NOTHING_CHOSEN: Chosen = { chosen: new Set(), current: null, anchor: null };

/** What is held while a photo is pointed at, or a key leads to it. */
export interface Held {
  shift: boolean;
  control: boolean;
}

/** One photo alone. */
export function alone(id: number): Chosen {
  return { chosen: new Set([id]), current: id, anchor: id };
}

/** A click: alone, with Control it too or no longer, with Shift all from the anchor to it. */
export function clicked(before: Chosen, ids: Ids, id: number, { shift, control }: Held): Chosen {
  if (shift && before.anchor !== null) return reaching(before, ids, id, control);
  if (!control) return alone(id);
  const chosen = new Set(before.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  return { chosen, current: id, anchor: id };
}

/** A key that leads to a photo: alone, with Shift up to it, with Control only there. */
export function moved(before: Chosen, ids: Ids, id: number, { shift, control }: Held): Chosen {
  if (shift) return reaching(before, ids, id, false);
  return control ? { ...before, current: id, anchor: id } : alone(id);
}

export function everything(before: Chosen, ids: Ids): Chosen {
  const current = before.current ?? ids[0] ?? null;
  return { chosen: new Set(ids), current, anchor: current };
}

/** Exactly these, whatever was chosen before; the current photo stays the current one. */
export function exactly(before: Chosen, ids: Iterable<number>): Chosen {
  return { ...before, chosen: new Set(ids) };
}

/** What is left of it in another list. Where the current photo is gone, there is none. */
export function within(before: Chosen, ids: Ids): Chosen {
  const there = new Set(ids);
  const still = (id: number | null): number | null => (id !== null && there.has(id) ? id : null);
  return {
    chosen: new Set([...before.chosen].filter((id) => there.has(id))),
    current: still(before.current),
    anchor: still(before.anchor),
  };
}

/**
 * The photo to go on with once these are gone: the first after the last of them, or else the last
 * before them.
 */
export function following(ids: readonly number[], leaving: readonly number[]): number | null {
  const gone = new Set(leaving);
  const last = ids.findLastIndex((id) => gone.has(id));
  return ids[last + 1] ?? ids.slice(0, last + 1).findLast((id) => !gone.has(id)) ?? null;
}

/** The photos of a list without these. */
export function without<T extends { id: number }>(
  photos: readonly T[],
  leaving: readonly number[],
): T[] {
  const gone = new Set(leaving);
  return photos.filter(({ id }) => !gone.has(id));
}

function reaching(before: Chosen, ids: Ids, id: number, added: boolean): Chosen {
  const anchor = before.anchor ?? before.current ?? id;
  const [one, other] = [ids.indexOf(anchor), ids.indexOf(id)];
  const range = ids.slice(Math.min(one, other), Math.max(one, other) + 1);
  return { chosen: new Set([...(added ? before.chosen : []), ...range]), current: id, anchor };
}
