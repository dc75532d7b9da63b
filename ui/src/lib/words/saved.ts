/** Words for a question that was kept. */
import type { KeptQuestion } from "../saved/saved.svelte";
import { photos } from "./format";

/** A name to begin with: the words, or what is asked in their place. */
export function proposedName({ query, examples, unlike }: KeptQuestion): string {
  const words = query.trim().replace(/\s+/g, " ");
  if (words !== "") return words;
  return examples.length === 0 && unlike.length > 0 ? "Other photos" : "Similar photos";
}

/** All that is asked, in one line. */
export function questionWords({ query, examples, like, unlike }: KeptQuestion): string {
  return [
    query.trim(),
    examples.length > 0 ? `similar to ${photos(examples.length)}` : "",
    like.length > 0 ? `more like ${photos(like.length)}` : "",
    unlike.length > 0 ? `less like ${photos(unlike.length)}` : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
