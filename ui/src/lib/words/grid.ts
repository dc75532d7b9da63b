/** Words for the photos of the grid. */
import { REJECTED } from "../actions/actions.svelte";
import { favouriteAt, ratingAt, type Listing } from "../backend/listing";
import { speech, t } from "../i18n/i18n.svelte";
import { tileWords } from "./search";

const formats = new Map<string, Intl.NumberFormat>();

/** A cosine similarity, `0.31`. */
export function similarity(score: number): string {
  const { tag } = speech;
  let format = formats.get(tag);
  if (format === undefined) {
    format = new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    formats.set(tag, format);
  }
  return format.format(score);
}

/** A photo of the grid with what was said of it, for who does not see it; `score` as it shows. */
export function optionWords(listing: Listing, index: number, score: string | null): string {
  const rating = ratingAt(listing, index);
  return [
    tileWords(listing, index),
    favouriteAt(listing, index) ? t("grid.isFavourite") : null,
    rating > 0 ? t("grid.stars", { count: rating }) : null,
    rating === REJECTED ? t("grid.isRejected") : null,
    score,
  ]
    .filter((part) => part !== null)
    .join(", ");
}
