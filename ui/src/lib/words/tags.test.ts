import { describe, expect, it } from "vitest";

import { category } from "../../testing/tags";
import {
  branchWords,
  categoryFacts,
  decidedWords,
  decideWords,
  deleteWords,
  learnedWords,
  nextWords,
  noneOf,
  noTagsWords,
  photoWords,
} from "./tags";

describe("words for tags", () => {
  it("tell what was learned", () => {
    expect(learnedWords(12, { before: 29, after: 41 })).toBe(
      "Learned from 12 examples: 41 suggestions now, 29 before",
    );
    expect(learnedWords(5, { before: 1, after: 1 })).toBe(
      "Learned from 5 examples: 1 suggestion now, as before",
    );
  });

  it("lead on to the next category", () => {
    expect(nextWords(category("cats", { suggested: 1200 }))).toBe("Next: Cats, 1,200 to review");
  });

  it("say how many are decided on where these are several", () => {
    expect([decideWords("Confirm", 1), decideWords("Reject", 12)]).toEqual([
      "Confirm",
      "Reject 12",
    ]);
    expect(decidedWords(1, "confirmed")).toBe("1 photo confirmed.");
    expect(decidedWords(3, "rejected")).toBe("3 photos rejected.");
    expect(decidedWords(2, null)).toBe("2 photos taken back.");
  });

  it("tell a line, and a photo, to who does not see it", () => {
    expect(branchWords(category("dog", { tagged: 1 }), 0)).toBe("Dog, 1 photo");
    expect(branchWords(category("dog"), 4)).toBe("Dog, 0 photos, 4 to review, press R");
    expect(photoWords("/home/anna/IMG_1.jpg", 0.825)).toBe("IMG_1.jpg, 82\u00a0% sure");
    expect(photoWords("/home/anna/IMG_1.jpg", null)).toBe("IMG_1.jpg");
  });

  it("count what a category has", () => {
    expect(categoryFacts(category("dog", { tagged: 3, suggested: 4 }))).toBe(
      "3 tagged · 4 to review",
    );
    expect(categoryFacts(category("dog", { rejected: 2 }))).toContain("· 2 rejected");
  });

  it("say what is lost with a tag", () => {
    expect(deleteWords(category("x", { tagged: 1 }))[0]).toBe("1 photo loses this tag.");
    expect(deleteWords(category("x", { tagged: 12, rejected: 1 }))).toEqual([
      "12 photos lose this tag.",
      "What you rejected for it is forgotten, too.",
      "This cannot be undone. The photos themselves stay as they are.",
    ]);
    expect(deleteWords(category("x"))[0]).toBe("No photo has this tag.");
  });

  it("say why there is nothing to see, each time what to do", () => {
    expect(noneOf("suggested", category("dog")).title).toBe("Nothing left to review");
    expect(noneOf("suggested", category("dog", { suggests: false })).about).toContain(
      "give the tag to five photos",
    );
    expect(noneOf("suggested", category("dog", { heading: true })).title).toContain("holds other");
    expect(noneOf("tagged", category("dog")).about).toContain("confirm for Dog");
    expect(noneOf("rejected", category("dog")).about).toContain("help it learn");
    const tree = { categories: [], undo: null, ready: false };
    expect(noTagsWords(tree)).toContain("as soon as they are computed");
    expect(noTagsWords({ ...tree, ready: true })).toContain("Show all");
  });
});
