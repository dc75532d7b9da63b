/** Words for a search: how much it found, in which order, and why a photo is among it. */
import type { Strength } from "../backend/dto";
import { offlineAt, strengthAt, WHY, type Listing } from "../backend/listing";
import { t, type MessageKey } from "../i18n/i18n.svelte";
import type { Order } from "../search/order";
import type { NamedExample, NamedPhoto, Question } from "../search/question";
import { conjunction, date, milliseconds, photos } from "./format";

/** How much was found, without how long that took. */
export function foundWords(listing: Listing, firm: number | null, answered: Question): string {
  if (answered.kind === "library") return photos(listing.count);
  if (firm === null) return photos(listing.total);
  if (firm === 0) return t("search.noClearMatch");
  return t("search.found", { strong: listing.strong, likely: listing.likely });
}

/** How long that took; empty where nothing was looked for. */
export function tookWords(listing: Listing, answered: Question): string {
  return answered.kind === "library" ? "" : milliseconds(listing.tookMs);
}

const ORDERS = {
  best: "search.orderBest",
  newest: "search.orderNewest",
  oldest: "search.orderOldest",
  added: "search.orderAdded",
} as const satisfies Record<Order, MessageKey>;

export function orderWords(order: Order): string {
  return t(ORDERS[order]);
}

/** The stops between taking all that is likely, and only what is certain. */
export const STRICTNESS_STOPS = [
  { value: 0, words: "search.strictnessMost" },
  { value: 0.25, words: "search.strictnessMore" },
  { value: 0.5, words: "search.strictnessUsual" },
  { value: 0.75, words: "search.strictnessFewer" },
  { value: 1, words: "search.strictnessSure" },
] as const satisfies readonly { value: number; words: MessageKey }[];

/** The stop nearest to a strictness. */
export function strictnessStop(strictness: number): number {
  return Math.round(Math.max(0, Math.min(1, strictness)) * (STRICTNESS_STOPS.length - 1));
}

/** What a stop is called. */
export function strictnessWords(stop: number): string {
  return t(STRICTNESS_STOPS[stop]?.words ?? "search.strictnessUsual");
}

const MATCHED: readonly (readonly [bit: number, words: MessageKey])[] = [
  [WHY.shows, "search.byShows"],
  [WHY.title, "search.byTitle"],
  [WHY.description, "search.byDescription"],
  [WHY.keywords, "search.byKeywords"],
  [WHY.name, "search.byName"],
  [WHY.folder, "search.byFolder"],
];

/**
 * `Found by its title and its keywords`; null where it is what the photo shows and nothing else,
 * which goes without saying.
 */
export function whyWords(why: number): string | null {
  if (why === 0 || why === WHY.shows) return null;
  const matched = MATCHED.flatMap(([bit, words]) => ((why & bit) !== 0 ? [t(words)] : []));
  return matched.length === 0 ? null : t("search.foundBy", { what: conjunction(matched) });
}

const STRENGTHS: Readonly<Record<Strength, MessageKey | null>> = {
  unscored: null,
  strong: "search.strong",
  likely: "search.likely",
  weak: "search.weak",
};

/** A photo of the grid in words, for who does not see it. */
export function tileWords(listing: Listing, index: number): string {
  const strength = STRENGTHS[strengthAt(listing, index)];
  const why = whyWords(listing.why[index] ?? 0);
  return [
    t("search.photoOf", { date: date(listing.times[index] ?? 0) }),
    strength === null ? null : t(strength),
    why === null ? null : why.charAt(0).toLowerCase() + why.slice(1),
    offlineAt(listing, index) ? t("search.offline") : null,
  ]
    .filter((part) => part !== null)
    .join(", ");
}

/** `Similar to IMG_1.jpg`. */
export function exampleWords({ example, name }: NamedExample): string {
  const part = example.crop !== null;
  if (name !== "") return t(part ? "search.similarToPart" : "search.similarTo", { name });
  if (example.kind === "pasted") {
    return t(part ? "search.similarToPartOfPasted" : "search.similarToPasted");
  }
  return t(part ? "search.similarToPartOfPhoto" : "search.similarToPhoto");
}

/** `More like IMG_1.jpg`. */
export function feedbackWords({ name }: NamedPhoto, more: boolean): string {
  if (name === "") return t(more ? "search.moreLikePhoto" : "search.lessLikePhoto");
  return t(more ? "search.moreLike" : "search.lessLike", { name });
}

/** What photos that were chosen one by one are called. */
export function onlyWords(count: number): string {
  return t("search.only", { count });
}
