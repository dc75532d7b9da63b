/** Words for the photos of the grid. */
import { speech } from "../i18n/i18n.svelte";

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
