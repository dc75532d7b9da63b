import { afterEach, describe, expect, it } from "vitest";

import { category } from "../../testing/tags";
import { speech } from "../i18n/i18n.svelte";
import {
  branchWords,
  categoryFacts,
  decidedWords,
  decisionWords,
  deleteWords,
  learnedWords,
  nextWords,
  noneOf,
  noTagsWords,
  opinionWords,
  photoWords,
} from "./tags";

afterEach(() => {
  speech.choice = "system";
});

describe("words for tags", () => {
  it("tell what was learned", () => {
    const dog = category("dog", { tagged: 9, rejected: 3 });
    expect(learnedWords(dog, { before: 29, after: 41 })).toBe(
      "Dog has learned from your 12 decisions: 41 suggestions now, 29 before.",
    );
    expect(learnedWords(dog, { before: 1, after: 1 })).toBe(
      "Dog has learned from your 12 decisions: 1 suggestion, as many as before.",
    );
  });

  it("lead on to the next category", () => {
    expect(nextWords(category("cats", { suggested: 1200 }))).toBe("Next: Cats, 1,200 to review");
  });

  it("call a category as the language of the window does", () => {
    const dog = category("dog", { names: { de: "Hund" }, suggested: 4 });
    speech.choice = "de";
    expect(nextWords(dog)).toBe("Weiter: Hund, 4 Vorschläge");
    expect(decisionWords("Hund", 1, "rejected")).toBe("„Hund“ steht nicht an 1 Foto.");
    speech.choice = "en";
    expect(nextWords(dog)).toBe("Next: Dog, 4 to review");
  });

  it("tell what a photo is rated now", () => {
    const photo = { name: "a.jpg", rating: 4, favourite: true };
    expect(opinionWords(photo)).toBe("a.jpg: 4 stars, favourite");
    expect(opinionWords({ ...photo, rating: null, favourite: false })).toBe("a.jpg: no stars");
    expect(opinionWords({ ...photo, rating: -1 })).toBe("a.jpg: rejected, favourite");
  });

  it("say what was decided", () => {
    expect(decidedWords(1, "confirmed")).toBe("1 photo confirmed.");
    expect(decidedWords(3, "rejected")).toBe("3 photos rejected.");
    expect(decidedWords(2, null)).toBe("2 photos taken back.");
  });

  it("tell a line, and a photo, to who does not see it", () => {
    expect(branchWords(category("dog", { tagged: 1 }), 0)).toBe("1 photo");
    expect(branchWords(category("dog"), 4)).toBe("0 photos, 4 to review, press R");
    expect(photoWords("/home/anna/IMG_1.jpg", 0.825)).toBe("IMG_1.jpg, 82\u00a0% sure");
    expect(photoWords("/home/anna/IMG_1.jpg", null)).toBe("IMG_1.jpg");
  });

  it("count what a category has", () => {
    expect(categoryFacts(category("dog", { tagged: 3, suggested: 4 }))).toBe(
      "3 tagged · 4 likely suggestions",
    );
    expect(categoryFacts(category("dog", { rejected: 2 }))).toContain("· 2 rejected");
  });

  it("say what is lost with a tag", () => {
    expect(deleteWords(category("x", { tagged: 1 }))[0]).toBe("1 photo loses this tag.");
    expect(deleteWords(category("x", { tagged: 12, rejected: 1 }))).toEqual([
      "12 photos lose this tag.",
      "What you rejected for it is forgotten, too.",
      "You can undo this. The photos themselves stay as they are.",
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
