/** Words for photos that are there more than once. */
import type { DuplicateGroup, DuplicateKind, DuplicatePhoto } from "../backend/dto";
import type { TrashPlan } from "../duplicates/plan";
import { count, date, dimensions, fileSize, lastPart, sentence } from "./format";

export const DUPLICATE_KINDS: readonly { kind: DuplicateKind; title: string; about: string }[] = [
  {
    kind: "exact",
    title: "Same file",
    about: "The same content, byte for byte, in more than one place.",
  },
  {
    kind: "edited",
    title: "Edited or resized",
    about: "The same picture in another size or format, or changed a little.",
  },
  {
    kind: "burst",
    title: "Bursts",
    about: "Taken within seconds of each other, and alike. Choose as many to stay as you like.",
  },
];

/** What stands in place of groups where there are none. */
export function noneOf(kind: DuplicateKind): { title: string; about: string } {
  switch (kind) {
    case "exact":
      return {
        title: "No file is there twice",
        about: "Each of your photos is a file of its own. Look at edited or resized ones, too.",
      };
    case "edited":
      return {
        title: "No edited or resized copies",
        about: "No two of your photos show the same picture in different files.",
      };
    case "burst":
      return {
        title: "No bursts",
        about: "No photos were taken within seconds of each other that look alike.",
      };
  }
}

export function files(value: number): string {
  return count(value, "file", "files");
}

export function groups(value: number): string {
  return count(value, "group", "groups");
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

/** Why an offline photo is left alone. */
export const OUT_OF_REACH = "Its folder cannot be reached, so it cannot be moved";

/** All of it, for who does not see the photo. */
export function spoken(photo: DuplicatePhoto): string {
  const { path, time, offline } = photo;
  const facts = [lastPart(path), shortFacts(photo), date(time), folderOf(path)];
  return [...facts, ...(offline ? [OUT_OF_REACH] : [])].join(", ");
}

/** Which one is suggested to stay, and why; null where it is no longer there. */
export function suggestion(group: DuplicateGroup): { name: string; why: string } | null {
  const { photos, keeper, reason } = group;
  const path = photos.find(({ id }) => id === keeper)?.path;
  if (path === undefined) return null;
  return { name: lastPart(path), why: reason === "" ? "" : sentence(reason) };
}

/** What a button that moves the others says. */
export function moveWords({ photos, outOfReach }: TrashPlan): string {
  if (photos.length > 0) return `Move ${files(photos.length)} to the trash`;
  return outOfReach > 0 ? "Others cannot be reached" : "All of them stay";
}

/** What is said before files are moved, sentence by sentence. */
export function trashWords(plan: TrashPlan): string[] {
  const { photos, bytes, groups: touched, staying, outOfReach, keptOutOfReach } = plan;
  const [kept] = staying;
  const one = touched === 1 && staying.length === 1 && kept !== undefined;
  return [
    touched === 1
      ? `That is ${fileSize(bytes)}.`
      : `That is ${fileSize(bytes)} in ${groups(touched)}.`,
    one
      ? `${lastPart(kept.path)} in ${folderOf(kept.path)} stays where it is.`
      : touched === 1
        ? `${files(staying.length)} of the group stay where they are.`
        : `The photos marked to stay, at least one of each group, stay where they are.`,
    photos.length === 1
      ? "The file goes to the system’s trash. You can bring it back from there."
      : "The files go to the system’s trash. You can bring them back from there.",
    ...(keptOutOfReach > 0
      ? [
          touched === 1
            ? "What stays is in a folder that cannot be reached now. Be sure that it is still there."
            : `In ${groups(keptOutOfReach)}, what stays is in a folder that cannot be reached now. Be sure that it is still there.`,
        ]
      : []),
    ...(outOfReach > 0 ? [`${files(outOfReach)} cannot be reached and will be left alone.`] : []),
  ];
}
