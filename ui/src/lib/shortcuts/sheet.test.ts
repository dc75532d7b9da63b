import { beforeEach, describe, expect, test } from "vitest";

import { groups, reserved } from "./sheet";
import { ACTION_IDS, ACTIONS, Shortcuts } from "./shortcuts.svelte";

beforeEach(() => localStorage.clear());

describe("the keys of the window", () => {
  test("are listed with each action once, and with those that cannot be changed", () => {
    const lines = groups(new Shortcuts()).flatMap(({ lines }) => lines);
    const ids = lines.flatMap(({ id }) => (id === null ? [] : [id]));
    expect(ids.toSorted()).toEqual(ACTION_IDS.toSorted());
    expect(lines.some(({ id, keys }) => id === null && keys.includes("Left"))).toBe(true);
    const changeable = groups(new Shortcuts(), "", false).flatMap(({ lines }) => lines);
    expect(changeable.every(({ id }) => id !== null)).toBe(true);
  });

  test("are found by what they do and by the key as it is shown", () => {
    const shortcuts = new Shortcuts();
    const found = (typed: string): (string | null)[] =>
      groups(shortcuts, typed).flatMap(({ lines }) => lines.map(({ words }) => words));
    expect(found("SLIDESHOW")).toEqual(["Slideshow"]);
    expect(found("ctrl+k")).toEqual(["Go to the search box"]);
    shortcuts.rebind("slideshow", ["Ctrl+Y"]);
    expect(found("ctrl+y")).toEqual(["Slideshow"]);
    expect(groups(shortcuts, "zzz")).toEqual([]);
  });

  test("that lead through the window belong to no action from the start", () => {
    const taken = ACTION_IDS.filter((id) =>
      ACTIONS[id].keys.some((key) => reserved(key, ACTIONS[id].scope)),
    );
    expect(taken).toEqual([]);
    expect(reserved("Esc", "review")).toBe(true);
    // What opens a photo in a grid decides on it in a review, and sizes it in the viewer.
    expect(reserved("Enter", "photos")).toBe(true);
    expect(reserved("Enter", "review")).toBe(false);
    expect(reserved("Space", "review")).toBe(true);
    expect(reserved("Space", "viewer")).toBe(false);
  });
});
