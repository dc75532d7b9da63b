import { beforeEach, describe, expect, test } from "vitest";

import { Shortcuts } from "../shortcuts/shortcuts.svelte";
import { Remapping } from "./remapping.svelte";

let shortcuts: Shortcuts;
let remapping: Remapping;

const key = (key: string, held: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent("keydown", { key, ...held });

beforeEach(() => {
  localStorage.clear();
  shortcuts = new Shortcuts();
  remapping = new Remapping(shortcuts);
});

describe("giving an action another key", () => {
  test("adds it to those that it has, and is remembered", () => {
    remapping.listen("slideshow");
    expect(remapping.press(key("Shift", { shiftKey: true }))).toBe(false);
    expect(remapping.press(key("F8"))).toBe(true);
    expect(shortcuts.keys("slideshow")).toEqual(["F5", "F8"]);
    expect(remapping.listening).toBeNull();
    expect(new Shortcuts().keys("slideshow")).toEqual(["F5", "F8"]);
  });

  test("asks first where the key is another's, and takes it from all who have it", () => {
    shortcuts.rebind("rotate", ["Ctrl+J"]);
    shortcuts.rebind("compare", ["Ctrl+J"]);
    remapping.listen("undo");
    remapping.press(key("j", { ctrlKey: true }));
    expect(remapping.refused).toMatchObject({ id: "undo", keys: "Ctrl+J" });
    expect(shortcuts.keys("undo")).toEqual(["Ctrl+Z"]);
    remapping.take();
    expect(shortcuts.keys("undo")).toEqual(["Ctrl+Z", "Ctrl+J"]);
    expect([shortcuts.keys("rotate"), shortcuts.keys("compare")]).toEqual([[], []]);
    expect(remapping.refused).toBeNull();
  });

  test("leaves a key to an action of a place where the other cannot be meant", () => {
    remapping.listen("confirmSuggestion");
    remapping.press(key("b"));
    expect(remapping.refused).toBeNull();
    expect(shortcuts.keys("confirmSuggestion")).toEqual(["Y", "Enter", "B"]);
  });

  test("takes Enter for the review, where it leads nowhere", () => {
    remapping.listen("rejectSuggestion");
    remapping.press(key("Enter"));
    expect(remapping.refused?.other).toBe("confirmSuggestion");
    remapping.take();
    expect(shortcuts.keys("rejectSuggestion")).toEqual(["N", "Delete", "Enter"]);
    expect(shortcuts.keys("confirmSuggestion")).toEqual(["Y"]);
  });

  test("refuses what leads through the window, and gives up with Escape", () => {
    remapping.listen("undo");
    remapping.press(key("Enter"));
    expect(remapping.refused).toEqual({ id: "undo", keys: "Enter", other: null });
    remapping.take();
    expect(shortcuts.keys("undo")).toEqual(["Ctrl+Z"]);
    remapping.listen("undo");
    expect(remapping.press(key("Tab"))).toBe(false);
    expect(remapping.press(key("Escape"))).toBe(true);
    expect([remapping.listening, remapping.refused]).toEqual([null, null]);
    expect(shortcuts.keys("undo")).toEqual(["Ctrl+Z"]);
  });
});
