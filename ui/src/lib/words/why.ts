/** Words for why a photo answers. */
import type { PartKind, Strength } from "../backend/dto";
import { t, type MessageKey } from "../i18n/i18n.svelte";

const KINDS: Readonly<Record<PartKind, MessageKey>> = {
  words: "inspector.partWords",
  excluded: "inspector.partExcluded",
  example: "inspector.partExample",
  like: "inspector.partLike",
  unlike: "inspector.partUnlike",
  filter: "inspector.partFilter",
  text: "inspector.partText",
};

const STRENGTHS: Readonly<Record<Strength, MessageKey>> = {
  unscored: "inspector.unscored",
  strong: "inspector.strong",
  likely: "inspector.likely",
  weak: "inspector.weak",
};

const FIELDS: Readonly<Record<string, MessageKey>> = {
  title: "inspector.inTitle",
  description: "inspector.inDescription",
  keywords: "inspector.inKeywords",
  name: "inspector.inName",
  folder: "inspector.inFolder",
  tags: "inspector.inTags",
};

/** Farther than so many spreads a bar is full: nothing is told apart out there. */
const FULL_SPREADS = 6;

export function partWords(kind: PartKind): string {
  return t(KINDS[kind]);
}

export function strengthWords(strength: Strength): string {
  return t(STRENGTHS[strength]);
}

/** Where words were found. */
export function fieldWords(field: string): string {
  const key = FIELDS[field];
  return key === undefined ? field : t(key);
}

/** How far a bar reaches, 0 to 1, for so many spreads above the library's median. */
export function reachOf(spreads: number | null): number {
  return Math.max(0, Math.min(1, (spreads ?? 0) / FULL_SPREADS));
}
