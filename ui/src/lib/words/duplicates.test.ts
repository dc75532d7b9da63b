import { describe, expect, it } from "vitest";

import { copy, groupOf } from "../../testing/duplicates";
import type { TrashPlan } from "../duplicates/plan";
import {
  DUPLICATE_KINDS,
  folderOf,
  kindWords,
  moveWords,
  noneOf,
  shortFacts,
  spoken,
  suggestion,
  trashWords,
} from "./duplicates";

const plan = (change: Partial<TrashPlan> = {}): TrashPlan => ({
  kind: "exact",
  groups: 1,
  photos: [copy(2)],
  bytes: 2_000_000,
  staying: [copy(1)],
  outOfReach: 0,
  keptOutOfReach: 0,
  ...change,
});

describe("words for a duplicate", () => {
  it.each([
    ["/home/anna/a.jpg", "/home/anna"],
    ["C:\\Photos\\a.jpg", "C:\\Photos"],
    ["a.jpg", ""],
  ])("the folder of %s is “%s”", (path, folder) => {
    expect(folderOf(path)).toBe(folder);
  });

  it("tell dimensions only where they are known", () => {
    expect(shortFacts(copy(1))).toBe("4,000 × 3,000 · 1 MB");
    expect(shortFacts(copy(1, { width: 0, height: 0 }))).toBe("1 MB");
  });

  it("say all of it to who does not see it, and why it cannot be moved", () => {
    expect(spoken(copy(1))).toBe(
      "IMG_1.jpg, 4,000 × 3,000 · 1 MB, November 14, 2023, /home/anna/Pictures/2001",
    );
    expect(spoken(copy(1, { offline: true }))).toMatch(/Its folder cannot be reached/);
  });

  it("name what is suggested to stay, with the reason as a sentence", () => {
    const group = groupOf(copy(1), copy(2));
    expect(suggestion(group)).toEqual({ name: "IMG_1.jpg", why: "It is the largest." });
    expect(suggestion({ ...group, keeper: 77 })).toBeNull();
  });

  it("are there for every kind, with and without groups", () => {
    for (const kind of DUPLICATE_KINDS) {
      expect(kindWords(kind).about).toMatch(/\.$/);
      expect(noneOf(kind).about).toMatch(/\.$/);
    }
  });
});

describe("words for moving to the trash", () => {
  it("say how many on the button, or why none", () => {
    expect(moveWords(plan())).toBe("Move 1 file to the trash");
    expect(moveWords(plan({ photos: [copy(2), copy(3)] }))).toBe("Move 2 files to the trash");
    expect(moveWords(plan({ photos: [], outOfReach: 1 }))).toBe("Others cannot be reached");
    expect(moveWords(plan({ photos: [] }))).toBe("All of them stay");
  });

  it("name the size, the photo that stays, and the trash", () => {
    expect(trashWords(plan())).toEqual([
      "That is 2 MB.",
      "IMG_1.jpg in /home/anna/Pictures/2001 stays where it is.",
      "The file goes to the system’s trash. You can undo this, or bring it back from there.",
    ]);
  });

  it("say of many groups that one of each stays", () => {
    const many = plan({
      groups: 2,
      photos: [copy(2), copy(4)],
      staying: [copy(1), copy(3)],
      bytes: 6_000_000,
    });
    expect(trashWords(many)).toEqual([
      "That is 6 MB in 2 groups.",
      "The photos marked to stay, at least one of each group, stay where they are.",
      "The files go to the system’s trash. You can undo this, or bring them back from there.",
    ]);
  });

  it("count what stays of a burst", () => {
    expect(trashWords(plan({ staying: [copy(1), copy(3)] }))[1]).toBe(
      "2 files of the group stay where they are.",
    );
  });

  it("warn of what stays out of reach, and of what is left alone for that", () => {
    expect(trashWords(plan({ keptOutOfReach: 1, outOfReach: 2 })).slice(3)).toEqual([
      "What stays is in a folder that cannot be reached now. Be sure that it is still there.",
      "2 files cannot be reached and will be left alone.",
    ]);
    expect(trashWords(plan({ groups: 9, keptOutOfReach: 3 }))[3]).toMatch(
      /^In 3 groups, what stays/,
    );
  });
});
