/** Words for a search: how much it found, in which order, and why a photo is among it. */
import { offlineAt, strengthAt, WHY, type Listing } from "../backend/listing";
import type { Order } from "../search/order";
import type { NamedExample, NamedPhoto, Question } from "../search/question";
import { date, milliseconds, number, photos } from "./format";

/** How much was found, without how long that took. */
export function foundWords(listing: Listing, firm: number | null, answered: Question): string {
  if (answered.kind === "library") return photos(listing.count);
  if (firm === null) return photos(listing.total);
  if (firm === 0) return "No clear match";
  return `${number(listing.strong)} strong · ${number(listing.likely)} likely`;
}

/** `128 strong · 340 likely · 12 ms`. */
export function outcomeWords(listing: Listing, firm: number | null, answered: Question): string {
  const found = foundWords(listing, firm, answered);
  return answered.kind === "library" ? found : `${found} · ${milliseconds(listing.tookMs)}`;
}

export const ORDER_WORDS: Readonly<Record<Order, string>> = {
  best: "Best match",
  newest: "Newest",
  oldest: "Oldest",
};

/** The stops between taking all that is likely, and only what is certain. */
export const STRICTNESS_STOPS = [
  { value: 0, words: "More results" },
  { value: 0.25, words: "A few more" },
  { value: 0.5, words: "As usual" },
  { value: 0.75, words: "Fewer" },
  { value: 1, words: "Only sure ones" },
] as const;

/** The stop nearest to a strictness. */
export function strictnessStop(strictness: number): number {
  return Math.round(Math.max(0, Math.min(1, strictness)) * (STRICTNESS_STOPS.length - 1));
}

const MATCHED: readonly (readonly [bit: number, words: string])[] = [
  [WHY.shows, "what it shows"],
  [WHY.title, "its title"],
  [WHY.description, "its description"],
  [WHY.keywords, "its keywords"],
  [WHY.name, "its name"],
  [WHY.folder, "its folder"],
];

const list = new Intl.ListFormat("en", { type: "conjunction" });

/**
 * `Found by its title and its keywords`; null where it is what the photo shows and nothing else,
 * which goes without saying.
 */
export function whyWords(why: number): string | null {
  if (why === 0 || why === WHY.shows) return null;
  const matched = MATCHED.flatMap(([bit, words]) => ((why & bit) !== 0 ? [words] : []));
  return matched.length === 0 ? null : `Found by ${list.format(matched)}`;
}

/** A photo of the grid in words, for who does not see it. */
export function tileWords(listing: Listing, index: number): string {
  const strength = strengthAt(listing, index);
  const why = whyWords(listing.why[index] ?? 0);
  return [
    `Photo of ${date(listing.times[index] ?? 0)}`,
    strength === "unscored" ? null : `${strength} match`,
    why === null ? null : why.charAt(0).toLowerCase() + why.slice(1),
    offlineAt(listing, index) ? "offline" : null,
  ]
    .filter((part) => part !== null)
    .join(", ");
}

/** What an example is called where it has no name. */
function called({ example, name }: NamedExample): string {
  if (name !== "") return name;
  return example.kind === "pasted" ? "the pasted picture" : "a photo";
}

/** `Similar to IMG_1.jpg`. */
export function exampleWords(named: NamedExample): string {
  const part = named.example.crop === null ? "" : "a part of ";
  return `Similar to ${part}${called(named)}`;
}

/** `More like IMG_1.jpg`. */
export function feedbackWords({ name }: NamedPhoto, more: boolean): string {
  return `${more ? "More" : "Less"} like ${name === "" ? "a photo" : name}`;
}

/** What photos that were chosen one by one are called. */
export function onlyWords(count: number): string {
  return `${photos(count)} of the map`;
}
