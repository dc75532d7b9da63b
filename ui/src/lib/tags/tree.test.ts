import { describe, expect, it } from "vitest";

import { category } from "../../testing/tags";
import { branches, family, matches, named, nextToReview, pathOf, visible } from "./tree";

const TREE = [
  category("animals", { name: "Animals", synonyms: ["fauna"] }),
  category("dog", {
    parent: "animals",
    names: { de: "Hund" },
    synonyms: ["puppy"],
    tagged: 3,
    suggested: 4,
  }),
  category("bird", { parent: "animals" }),
  category("gull", { parent: "bird", suggested: 5 }),
  category("places", { name: "Places", heading: true, hidden: true }),
  category("beach", { parent: "places", tagged: 9 }),
  category("food", { name: "Food" }),
  category("grandma", { name: "Grandma", origin: "own" }),
];
const NONE = new Set<string>();
const told = (open: readonly string[], all = false): string[] =>
  branches(TREE, { open: new Set(open), all }).map(
    ({ category: { id }, depth, pending }) => `${"-".repeat(depth)}${id} ${pending}`,
  );

describe("the lines of the tree", () => {
  it("are those with photos, and one's own, until all are asked for", () => {
    expect(told([])).toEqual(["animals 9", "grandma 0"]);
    expect(told([], true)).toEqual(["animals 9", "food 0", "grandma 0"]);
  });

  it("stand for what is folded away under them", () => {
    expect(told(["animals"])).toEqual(["animals 0", "-dog 4", "-bird 5", "grandma 0"]);
    expect(told(["animals", "bird"])).toEqual([
      "animals 0",
      "-dog 4",
      "-bird 0",
      "--gull 5",
      "grandma 0",
    ]);
  });

  it("unfold only where something on view lies under them", () => {
    const [animals] = branches(TREE, { open: NONE, all: false });
    expect(animals?.unfolds).toBe(true);
    const lines = branches(TREE, { open: new Set(["food"]), all: true });
    expect(lines.map(({ unfolds, open }) => [unfolds, open])).toEqual([
      [true, false],
      [false, false],
      [false, false],
    ]);
  });

  it("leave out what is hidden, with all under it", () => {
    expect(visible(TREE).map(({ id }) => id)).not.toContain("beach");
    expect(told(["places"], true).join()).not.toContain("beach");
  });
});

describe("what is reviewed next", () => {
  it("follows in the tree, and around its end", () => {
    expect(nextToReview(TREE, "animals")?.id).toBe("dog");
    expect(nextToReview(TREE, "dog")?.id).toBe("gull");
    expect(nextToReview(TREE, "gull")?.id).toBe("dog");
  });

  it("begins where most waits", () => {
    expect(nextToReview(TREE, null)?.id).toBe("gull");
  });

  it("is not the same again, nor anything where nothing waits", () => {
    const one = [category("dog", { suggested: 2 }), category("cat")];
    expect(nextToReview(one, "dog")).toBeNull();
    expect(nextToReview([category("cat")], null)).toBeNull();
  });
});

describe("a typed name", () => {
  const found = (typed: string): string[] =>
    matches(TREE, typed, 5).map(({ category: { id }, by }) => (by === null ? id : `${id} (${by})`));

  it("means what begins with it, by name before synonym", () => {
    expect(found("f")).toEqual(["food", "animals (fauna)"]);
    expect(found("pup")).toEqual(["dog (puppy)"]);
    expect(found("hun")).toEqual(["dog (Hund)"]);
  });

  it("means nothing while it is empty, and no heading or hidden one", () => {
    expect(found("  ")).toEqual([]);
    expect(found("pla")).toEqual([]);
    expect(found("beach")).toEqual([]);
  });

  it("is the same in another case, and with or without accents", () => {
    const cafe = [category("cafe", { name: "Café" })];
    expect(matches(cafe, "CAFE", 5)).toHaveLength(1);
    expect(named(cafe, " cafe ")?.id).toBe("cafe");
    expect(named(cafe, "caf")).toBeNull();
  });

  it("finds no more than was asked for, the exact one first", () => {
    const many = ["dogfish", "dogs", "dog"].map((id) => category(id));
    expect(matches(many, "dog", 2).map(({ category: { id } }) => id)).toEqual(["dog", "dogfish"]);
  });
});

describe("a place in the tree", () => {
  it("is told from the top", () => {
    expect(pathOf(TREE, "gull")).toEqual(["Animals", "Bird", "Gull"]);
    expect(pathOf(TREE, "nothing")).toEqual([]);
  });

  it("ends where a broken tree goes in circles", () => {
    const circle = [category("a", { parent: "b" }), category("b", { parent: "a" })];
    expect(pathOf(circle, "a")).toEqual(["B", "A"]);
  });

  it("has a family under it", () => {
    expect([...family(TREE, "animals")]).toEqual(["animals", "dog", "bird", "gull"]);
  });
});
