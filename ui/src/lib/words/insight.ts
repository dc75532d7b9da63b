/** Words for the figures of the vectors. */
import type { Insight } from "../backend/dto";
import { count, number, photos } from "./format";

/** `starter · 12,000 vectors of 512 numbers`. */
export function vectorWords({ model, vectors, dim }: Insight): string {
  return `${model} · ${count(vectors, "vector", "vectors")} of ${number(dim)} numbers`;
}

export function warningsWords(warnings: number): string {
  return warnings === 0
    ? "Nothing is wrong with these vectors."
    : count(warnings, "thing to look at", "things to look at");
}

/** Why there are no figures. */
export function tooFewWords(indexed: number, least: number): string {
  const are = indexed === 1 ? "is" : "are";
  return `${photos(indexed)} ${are} indexed, and figures need at least ${number(least)}.`;
}
