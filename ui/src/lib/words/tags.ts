/** Words for tags, for what is suggested, and for what was decided. */
import type { Category, Decision, Learned, ReviewOf, TagTree } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { nameOf } from "../tags/names";
import { lastPart, percent, photos } from "./format";

/** The lists of a category, in the order of their tabs. */
export const REVIEW_LISTS: readonly ReviewOf[] = ["suggested", "tagged", "rejected"];

/** What a list of a category is called. */
export function listName(of: ReviewOf): string {
  return t(`review.${of}`);
}

/** What stands in place of photos where a list has none. */
export function noneOf(of: ReviewOf, category: Category): { title: string; about: string } {
  const name = nameOf(category);
  switch (of) {
    case "suggested":
      if (category.heading) {
        return {
          title: t("review.noneHeadingTitle", { name }),
          about: t("review.noneHeadingAbout"),
        };
      }
      return category.suggests
        ? { title: t("review.noneLeftTitle"), about: t("review.noneLeftAbout", { name }) }
        : {
            title: t("review.noneSuggestedTitle"),
            about: t("review.noneSuggestedAbout", { name }),
          };
    case "tagged":
      return { title: t("review.noneTaggedTitle"), about: t("review.noneTaggedAbout", { name }) };
    case "rejected":
      return {
        title: t("review.noneRejectedTitle"),
        about: t("review.noneRejectedAbout", { name }),
      };
  }
}

/** `12 to review`. */
export function toReview(pending: number): string {
  return t("tags.toReview", { count: pending });
}

/** `Next: Cats, 12 to review`. */
export function nextWords(category: Category): string {
  return t("review.next", { name: nameOf(category), waiting: toReview(category.suggested) });
}

/** `Dog has learned from your 12 decisions: 41 suggestions now, 29 before.` */
export function learnedWords(category: Category, { before, after }: Learned): string {
  const values = { name: nameOf(category), examples: category.tagged + category.rejected, after };
  return after === before
    ? t("review.learnedSame", values)
    : t("review.learnedMoved", { ...values, before });
}

/** What was decided, for who listens. */
export function decidedWords(changed: number, decision: Decision | null): string {
  switch (decision) {
    case "confirmed":
    case "tagged":
      return t("review.saidConfirmed", { count: changed });
    case "rejected":
      return t("review.saidRejected", { count: changed });
    case null:
      return t("review.saidTakenBack", { count: changed });
  }
}

/** The same as one of the things that can be taken back. */
export function decisionWords(tag: string, count: number, decision: Decision | null): string {
  switch (decision) {
    case "confirmed":
    case "tagged":
      return t("actions.tagged", { count, tag });
    case "rejected":
      return t("actions.untagged", { count, tag });
    case null:
      return t("actions.undecided", { count, tag });
  }
}

/** What was done to a photo in the viewer, for who listens. */
export function taggedWords(name: string, decision: Decision | null): string {
  switch (decision) {
    case "confirmed":
    case "tagged":
      return t("tags.tagged", { name });
    case "rejected":
      return t("tags.notSuggested", { name });
    case null:
      return t("tags.takenAway", { name });
  }
}

/** A photo of a list, for who does not see it. */
export function photoWords(path: string, confidence: number | null): string {
  const name = lastPart(path);
  return confidence === null ? name : `${name}, ${sureWords(confidence)}`;
}

/** What a photo was rated, once that was changed where its stars are not seen. */
export function opinionWords(photo: {
  name: string;
  rating: number | null;
  favourite: boolean;
}): string {
  const { name, rating } = photo;
  const favourite = photo.favourite ? "yes" : "no";
  const stars = rating ?? 0;
  return stars < 0
    ? t("review.opinionRejected", { name, favourite })
    : t("review.opinion", { name, stars, favourite });
}

/** `82 % sure`. */
export function sureWords(confidence: number): string {
  return t("tags.sure", { percent: percent(confidence, 1) });
}

/** What a line of the tree says behind its name, for who does not see it. */
export function branchWords(category: Category, pending: number): string {
  const waiting = pending > 0 ? [t("tags.pressR", { waiting: toReview(pending) })] : [];
  return [photos(category.tagged), ...waiting].join(", ");
}

/** Why there is no tree to see. */
export function noTagsWords(tree: TagTree): string {
  return tree.ready ? t("tags.noneYet") : t("tags.computing");
}

/** The counts under the name of a category. */
export function categoryFacts({ tagged, suggested, rejected }: Category): string {
  return [
    t("review.factTagged", { count: tagged }),
    t("review.factLikely", { count: suggested }),
    ...(rejected > 0 ? [t("review.factRejected", { count: rejected })] : []),
  ].join(" · ");
}

/** What is lost with an own category. */
export function deleteWords({ tagged, rejected }: Category): string[] {
  return [
    t("tags.deleteLosing", { count: tagged }),
    ...(rejected > 0 ? [t("tags.deleteRejected")] : []),
    t("tags.deleteFinal"),
  ];
}
