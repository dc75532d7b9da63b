/** Words for a question that was kept. */
import { t } from "../i18n/i18n.svelte";
import type { KeptQuestion } from "../saved/saved.svelte";

/** A name to begin with: the words, or what is asked in their place. */
export function proposedName({ query, examples, unlike }: KeptQuestion): string {
  const words = query.trim().replace(/\s+/g, " ");
  if (words !== "") return words;
  return t(
    examples.length === 0 && unlike.length > 0 ? "saved.otherPhotos" : "saved.similarPhotos",
  );
}

/** All that is asked, in one line. */
export function questionWords({ query, examples, like, unlike }: KeptQuestion): string {
  return [
    query.trim(),
    examples.length > 0 ? t("saved.similar", { count: examples.length }) : "",
    like.length > 0 ? t("saved.like", { count: like.length }) : "",
    unlike.length > 0 ? t("saved.unlike", { count: unlike.length }) : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
