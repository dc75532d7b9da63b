import { describe, expect, it } from "vitest";

import { category } from "../../testing/tags";
import { type Draft, draftOf, faults, parentsFor, wanted } from "./draft";

const TREE = [
  category("animals"),
  category("dog", { parent: "animals", names: { de: "Hund", fr: "chien" } }),
  category("cat", { hidden: true }),
];
const DOG = TREE[1] ?? null;
const draft = (change: Partial<Draft> = {}): Draft => ({
  ...draftOf(null),
  name: "Boat",
  prompts: "a boat on a lake\na rowing boat",
  ...change,
});
const wrong = (change: Partial<Draft>, before = null as typeof DOG): string =>
  Object.values(faults(draft(change), before, TREE)).join(" ");

describe("a category that is edited", () => {
  it("begins as it is, and ends the same where nothing was typed", () => {
    const { id, name, names, parent, prompts, synonyms, exclusive, hidden } = category("dog", {
      parent: "animals",
      names: { de: "Hund", fr: "chien" },
      synonyms: ["puppy", "hound"],
    });
    const kept = { id, name, names, parent, prompts, synonyms, exclusive, hidden };
    const dog = { ...category("dog"), ...kept };
    expect(wanted(draftOf(dog), dog)).toEqual(kept);
  });

  it("loses empty lines and spaces around", () => {
    const typed = draft({
      name: " Boat ",
      prompts: " a boat \n\n a  ship\n",
      synonyms: "ship, ,dinghy",
    });
    expect(wanted(typed, null)).toMatchObject({
      id: null,
      name: "Boat",
      names: {},
      prompts: ["a boat", "a ship"],
      synonyms: ["ship", "dinghy"],
    });
  });

  it("loses its German name, and no other", () => {
    expect(wanted({ ...draftOf(DOG), german: " " }, DOG).names).toEqual({ fr: "chien" });
  });
});

describe("what is to be put right", () => {
  it("is nothing in a whole category", () => {
    expect(faults(draft(), null, TREE)).toEqual({});
    expect(faults(draftOf(DOG), DOG, TREE)).toEqual({});
  });

  it("is a name that is missing, taken, or no name", () => {
    expect(wrong({ name: " " })).toBe("Give it a name.");
    expect(wrong({ name: "dOG" })).toBe("“Dog” is there already. Choose another name.");
    expect(wrong({ name: "Cat" })).toContain("but hidden");
    expect(wrong({ name: "a|b" })).toContain("Leave out | and /");
    expect(wrong({ name: "x".repeat(81) })).toContain("at most 80 characters");
  });

  it("is one description alone, too many, or the same twice", () => {
    expect(wrong({ prompts: "a boat" })).toContain("Add a second description");
    expect(wrong({ prompts: "a\nb\nc\nd\ne\nf" })).toBe("Keep at most 5 descriptions.");
    expect(wrong({ prompts: "a boat\nA boat" })).toContain("the same");
    expect(wrong({ prompts: `a\n${"b".repeat(201)}` })).toContain("under 200 characters");
    expect(wrong({ prompts: "" })).toBe("");
  });

  it("is not what stood there before", () => {
    const single = category("boat", { prompts: ["a boat"] });
    expect(faults(draftOf(single), single, [...TREE, single])).toEqual({});
  });

  it("is a category under itself", () => {
    const animals = TREE[0] ?? null;
    expect(faults({ ...draftOf(animals), parent: "dog" }, animals, TREE).parent).toBe(
      "It cannot lie under itself.",
    );
    expect(parentsFor(animals, TREE)).toEqual([]);
    expect(parentsFor(DOG, TREE).map(({ id }) => id)).toEqual(["animals"]);
  });
});
