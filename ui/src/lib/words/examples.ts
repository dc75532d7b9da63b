/**
 * Queries that the starter model answers well, one of them proposed in the search box each day.
 * They stay English in every language of the window, for English is what that model reads.
 */
import type { MessageKey } from "../i18n/i18n.svelte";

const EXAMPLES = [
  "a lighthouse by the sea",
  "a dog on the grass",
  "a cup of coffee",
  "snowy mountains",
  "sailing boats",
  "a red sports car",
  "a castle on a hill",
  "mushrooms in the forest",
  "a bridge over a river",
  "something to eat",
  "birds in flight",
  "an old clock",
  "a butterfly on a flower",
  "musical instruments",
] as const;

const DAY_MS = 86_400_000;

export function exampleFor(now: Date): string {
  const days = Math.floor((now.getTime() - now.getTimezoneOffset() * 60_000) / DAY_MS);
  return EXAMPLES[days % EXAMPLES.length] ?? EXAMPLES[0];
}

/** Queries that show what can be asked, each with what it asks for. */
export const QUERY_SAMPLES = [
  { query: "a beach -people", meaning: "search.sampleExcluding" },
  { query: "snow date:2024", meaning: "search.sampleYear" },
  { query: "camera:canon rating:>=4", meaning: "search.sampleCamera" },
  { query: '"birthday cake" OR candles', meaning: "search.sampleEither" },
] as const satisfies readonly { query: string; meaning: MessageKey }[];
