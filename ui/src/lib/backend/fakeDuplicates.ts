/** Photos that are the same, or nearly, made up: a few of every ten belong together. */
import { says } from "./backend";
import type { DuplicateGroup, DuplicateKind, DuplicatePhoto } from "./dto";
import type { FakeRecord } from "./fakeListing";

/** Which of every ten photos, and why the first of them stays. */
const KINDS: Readonly<Record<DuplicateKind, { from: number; many: number; reason: string }>> = {
  exact: { from: 1, many: 2, reason: "its path is the shortest" },
  edited: { from: 3, many: 3, reason: "it has the most pixels" },
  burst: { from: 6, many: 4, reason: "it is the sharpest, or as sharp as that and better exposed" },
};

export function duplicateGroups(
  kind: DuplicateKind,
  records: readonly FakeRecord[],
): DuplicateGroup[] {
  const { from, many, reason } = KINDS[kind];
  const groups = new Map<number, DuplicatePhoto[]>();
  for (const record of records) {
    const place = (record.id % 10) - from;
    if (place < 0 || place >= many) continue;
    const ten = Math.floor(record.id / 10);
    groups.set(ten, [...(groups.get(ten) ?? []), photoOf(record, kind, place)]);
  }
  return [...groups.values()]
    .filter((photos) => photos.length > 1)
    .map((photos) => ({ photos, keeper: photos[0]?.id ?? 0, reason: says(reason) }));
}

function photoOf(record: FakeRecord, kind: DuplicateKind, place: number): DuplicatePhoto {
  const smaller = kind === "edited" ? place + 1 : 1;
  const width = Math.round(6000 / smaller);
  const aspect = record.aspect ?? 1.5;
  return {
    id: record.id,
    path:
      kind === "exact" && place > 0
        ? `/home/anna/Pictures/Copies/${nameOf(record.id)}`
        : pathOf(record.id),
    size: Math.round(8_400_000 / smaller ** 2),
    width,
    height: Math.round(width / aspect),
    time: record.time ?? 0,
    aspect,
    version: record.version ?? 0,
    offline: record.offline ?? false,
    rating: record.id % 3 === 0 ? 4 : null,
  };
}

export function pathOf(photo: number): string {
  return `/home/anna/Pictures/2024/${nameOf(photo)}`;
}

function nameOf(photo: number): string {
  return `IMG_${String(photo).padStart(4, "0")}.jpg`;
}
