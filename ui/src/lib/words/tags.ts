/** Words for tags, for what is suggested, and for what was decided. */
import type { Category, Decision, Learned, ReviewOf, TagTree } from "../backend/dto";
import { lastPart, number, percent, photos } from "./format";

/** The lists of a category. */
export const REVIEW_LISTS: readonly { of: ReviewOf; title: string }[] = [
  { of: "suggested", title: "Suggested" },
  { of: "tagged", title: "Tagged" },
  { of: "rejected", title: "Rejected" },
];

/** What stands in place of photos where a list has none. */
export function noneOf(of: ReviewOf, category: Category): { title: string; about: string } {
  const { name, suggests, heading } = category;
  switch (of) {
    case "suggested":
      if (heading) {
        return {
          title: `${name} holds other categories`,
          about: "Nothing is suggested for it itself. Look through what is under it.",
        };
      }
      return suggests
        ? {
            title: "Nothing left to review",
            about: `Afterimage suggests no other photo for ${name}.`,
          }
        : {
            title: "Nothing is suggested yet",
            about: `Describe ${name} in a few words, or give the tag to five photos: Afterimage learns from them.`,
          };
    case "tagged":
      return {
        title: "No photo has this tag yet",
        about: `Photos that you confirm for ${name}, or tag with it, are listed here.`,
      };
    case "rejected":
      return {
        title: "Nothing was rejected",
        about: `Photos that you say do not show ${name} are listed here. They help it learn.`,
      };
  }
}

/** `12 to review`. */
export function toReview(pending: number): string {
  return `${number(pending)} to review`;
}

/** `Next: Cats, 12 to review`. */
export function nextWords({ name, suggested }: Category): string {
  return `Next: ${name}, ${toReview(suggested)}`;
}

/** `Learned from 12 examples: 41 suggestions now, 29 before`. */
export function learnedWords(examples: number, { before, after }: Learned): string {
  const now = `${number(after)} ${after === 1 ? "suggestion" : "suggestions"} now`;
  const from = `Learned from ${number(examples)} examples`;
  return after === before
    ? `${from}: ${now}, as before`
    : `${from}: ${now}, ${number(before)} before`;
}

/** What a button that decides says of how many. */
export function decideWords(verb: string, count: number): string {
  return count > 1 ? `${verb} ${number(count)}` : verb;
}

/** What was decided, for who listens. */
export function decidedWords(changed: number, decision: Decision | null): string {
  switch (decision) {
    case "confirmed":
    case "tagged":
      return `${photos(changed)} confirmed.`;
    case "rejected":
      return `${photos(changed)} rejected.`;
    case null:
      return `${photos(changed)} taken back.`;
  }
}

export function undoneWords(words: string | null): string {
  return words === null ? "There is nothing to take back." : `Taken back: ${words}.`;
}

/** What was done to a photo in the viewer, for who listens. */
export function taggedWords(name: string, decision: Decision | null): string {
  switch (decision) {
    case "confirmed":
    case "tagged":
      return `Tagged ${name}.`;
    case "rejected":
      return `${name} is not suggested for this photo any more.`;
    case null:
      return `${name} was taken away.`;
  }
}

/** A photo of a list, for who does not see it. */
export function photoWords(path: string, confidence: number | null): string {
  const name = lastPart(path);
  return confidence === null ? name : `${name}, ${sureWords(confidence)}`;
}

/** `82 % sure`. */
export function sureWords(confidence: number): string {
  return `${percent(confidence, 1)} sure`;
}

/** A line of the tree, for who does not see it. */
export function branchWords({ name, tagged }: Category, pending: number): string {
  const waiting = pending > 0 ? [`${toReview(pending)}, press R`] : [];
  return [name, photos(tagged), ...waiting].join(", ");
}

/** Why there is no tree to see. */
export function noTagsWords(tree: TagTree): string {
  return tree.ready
    ? "No photo has a tag yet. Show all to see what you can look for."
    : "Suggestions appear here as soon as they are computed.";
}

/** The counts under the name of a category. */
export function categoryFacts({ tagged, suggested, rejected }: Category): string {
  return [
    `${number(tagged)} tagged`,
    toReview(suggested),
    ...(rejected > 0 ? [`${number(rejected)} rejected`] : []),
  ].join(" · ");
}

/** What is lost with an own category. */
export function deleteWords({ tagged, rejected }: Category): string[] {
  return [
    tagged === 0 ? "No photo has this tag." : `${photos(tagged)} ${lose(tagged)} this tag.`,
    ...(rejected > 0 ? ["What you rejected for it is forgotten, too."] : []),
    "This cannot be undone. The photos themselves stay as they are.",
  ];
}

function lose(count: number): string {
  return count === 1 ? "loses" : "lose";
}
