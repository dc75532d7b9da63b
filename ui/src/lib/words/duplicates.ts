/** Words for photos that are there more than once. */
import type { DuplicateGroup, DuplicateKind, DuplicatePhoto } from "../backend/dto";
import type { TrashPlan } from "../duplicates/plan";
import { t } from "../i18n/i18n.svelte";
import { date, dimensions, fileSize, lastPart, sentence } from "./format";

/** In the order of their tabs. */
export const DUPLICATE_KINDS: readonly DuplicateKind[] = ["exact", "edited", "burst"];

/** What a kind is called, and what belongs to it. */
export function kindWords(kind: DuplicateKind): { title: string; about: string } {
  return { title: t(`duplicates.${kind}`), about: t(`duplicates.${kind}About`) };
}

/** What stands in place of groups where there are none. */
export function noneOf(kind: DuplicateKind): { title: string; about: string } {
  return { title: t(`duplicates.${kind}NoneTitle`), about: t(`duplicates.${kind}NoneAbout`) };
}

/** How many groups there are, and what could go of them. */
export function sumWords(groups: number, { photos, bytes }: TrashPlan): string {
  const all = t("duplicates.groups", { count: groups });
  if (photos.length === 0) return t("duplicates.sumNone", { groups: all });
  const files = t("duplicates.files", { count: photos.length });
  return t("duplicates.sum", { groups: all, files, size: fileSize(bytes) });
}

/** The folder that holds a file, without the file's name. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.length - lastPart(path).length - 1));
}

/** Where there is little room: dimensions and size. */
export function shortFacts({ width, height, size }: DuplicatePhoto): string {
  const known = width > 0 && height > 0;
  return [known ? dimensions(width, height) : null, fileSize(size)]
    .filter((fact) => fact !== null)
    .join(" · ");
}

/** All of it, for who does not see the photo. */
export function spoken(photo: DuplicatePhoto): string {
  const { path, time, offline } = photo;
  const facts = [lastPart(path), shortFacts(photo), date(time), folderOf(path)];
  return [...facts, ...(offline ? [t("duplicates.outOfReach")] : [])].join(", ");
}

/** Which one is suggested to stay, and why; null where it is no longer there. */
export function suggestion(group: DuplicateGroup): { name: string; why: string } | null {
  const { photos, keeper, reason } = group;
  const path = photos.find(({ id }) => id === keeper)?.path;
  if (path === undefined) return null;
  return { name: lastPart(path), why: sentence(reason) };
}

/** What a button that moves the others says. */
export function moveWords({ photos, outOfReach }: TrashPlan): string {
  if (photos.length > 0) return t("duplicates.move", { count: photos.length });
  return outOfReach > 0 ? t("duplicates.moveUnreachable") : t("duplicates.moveNone");
}

/** What is said before files are moved, sentence by sentence. */
export function trashWords(plan: TrashPlan): string[] {
  const { photos, bytes, groups: touched, staying, outOfReach, keptOutOfReach } = plan;
  const [kept] = staying;
  const size = fileSize(bytes);
  const one = touched === 1 && staying.length === 1 && kept !== undefined;
  return [
    touched === 1
      ? t("duplicates.trashSize", { size })
      : t("duplicates.trashSizeGroups", { size, count: touched }),
    one
      ? t("duplicates.trashOneStays", { name: lastPart(kept.path), folder: folderOf(kept.path) })
      : touched === 1
        ? t("duplicates.trashSomeStay", { count: staying.length })
        : t("duplicates.trashMarkedStay"),
    t("duplicates.trashBack", { count: photos.length }),
    ...(keptOutOfReach > 0
      ? [
          touched === 1
            ? t("duplicates.trashKeptAway")
            : t("duplicates.trashKeptAwayGroups", { count: keptOutOfReach }),
        ]
      : []),
    ...(outOfReach > 0 ? [t("duplicates.trashLeftAlone", { count: outOfReach })] : []),
  ];
}
