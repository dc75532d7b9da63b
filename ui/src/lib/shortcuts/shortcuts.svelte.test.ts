import { beforeEach, describe, expect, test } from "vitest";

import { pressed } from "./keys";
import { ACTIONS, ACTION_IDS, Shortcuts } from "./shortcuts.svelte";

const key = (key: string, held: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent("keydown", { key, ...held });

beforeEach(() => localStorage.clear());

describe("keys are written as people read them", () => {
  test.each([
    [key("k", { ctrlKey: true }), "Ctrl+K"],
    [key("K", { metaKey: true, shiftKey: true }), "Ctrl+Shift+K"],
    [key("?", { shiftKey: true }), "?"],
    [key("+", { ctrlKey: true, shiftKey: true }), "Ctrl++"],
    [key(" "), "Space"],
    [key("F5"), "F5"],
    [key("ArrowLeft", { shiftKey: true }), "Shift+Left"],
    [key("ß"), "ß"],
    [key("ö", { altKey: true }), "Alt+Ö"],
  ])("%#", (event, words) => expect(pressed(event)).toBe(words));

  test("what is only held is no key", () => {
    expect(pressed(key("Shift", { shiftKey: true }))).toBeNull();
    expect(pressed(key("Dead"))).toBeNull();
  });
});

describe("shortcuts", () => {
  test("of one scope are told apart, and none has a key that another one has there", () => {
    const shortcuts = new Shortcuts();
    for (const id of ACTION_IDS) {
      for (const keys of ACTIONS[id].keys) {
        expect(shortcuts.conflict(id, keys), `${id} ${keys}`).toBeNull();
      }
    }
  });

  test("are looked for in the scopes that count, in their order", () => {
    const shortcuts = new Shortcuts();
    expect(shortcuts.match(key("f"), "grid", "photos")).toBe("favourite");
    expect(shortcuts.match(key("f"), "window")).toBeNull();
    expect(shortcuts.match(key("z", { ctrlKey: true }), "photos", "window")).toBe("undo");
  });

  test("leave a field of text its keys", () => {
    const shortcuts = new Shortcuts();
    const input = document.createElement("input");
    document.body.append(input);
    const typed = (event: KeyboardEvent): string | null => {
      let found: string | null = null;
      input.addEventListener("keydown", (e) => (found = shortcuts.match(e, "window", "photos")), {
        once: true,
      });
      input.dispatchEvent(event);
      return found;
    };
    expect(typed(key("f"))).toBeNull();
    expect(typed(key("z", { ctrlKey: true }))).toBeNull();
    expect(typed(key("Delete"))).toBeNull();
    expect(typed(key("k", { ctrlKey: true }))).toBe("focusSearch");
    expect(typed(key("F5"))).toBe("slideshow");
  });

  test("can be others, which is remembered, and come back", () => {
    const shortcuts = new Shortcuts();
    expect(shortcuts.conflict("favourite", "X")).toBe("reject");
    shortcuts.rebind("favourite", ["L", "L"]);
    expect(new Shortcuts().keys("favourite")).toEqual(["L"]);
    expect(new Shortcuts().match(key("f"), "photos")).toBeNull();
    expect(shortcuts.changed("favourite")).toBe(true);
    shortcuts.reset("favourite");
    expect(new Shortcuts().keys("favourite")).toEqual(["F"]);
  });

  test("that come with an action give way to those that were chosen for another", () => {
    // Remembered by an earlier version, in which R was no key of the review yet.
    localStorage.setItem("afterimage.shortcuts", '{"rejectSuggestion": ["N", "R"]}');
    const shortcuts = new Shortcuts();
    expect(shortcuts.match(key("r"), "review")).toBe("rejectSuggestion");
    expect(shortcuts.keys("takeBack")).toEqual([]);
    // In the viewer it means something else.
    expect(shortcuts.keys("rotate")).toEqual(["R"]);
    shortcuts.rebind("takeBack", ["Y"]);
    expect(shortcuts.keys("confirmSuggestion")).toEqual(["Enter"]);
    shortcuts.reset();
    expect(shortcuts.match(key("r"), "review")).toBe("takeBack");
  });

  test("that are remembered in a form that is none are as they come", () => {
    localStorage.setItem("afterimage.shortcuts", '{"favourite": 3, "fly": ["F"]}');
    expect(new Shortcuts().keys("favourite")).toEqual(["F"]);
    localStorage.setItem("afterimage.shortcuts", "[[");
    expect(new Shortcuts().keys("favourite")).toEqual(["F"]);
  });

  test("of the review and for photos may be the same key", () => {
    expect(new Shortcuts().conflict("confirmSuggestion", "F")).toBeNull();
    expect(new Shortcuts().conflict("confirmSuggestion", "Ctrl+K")).toBe("focusSearch");
    expect(new Shortcuts().conflict("confirmSuggestion", "Ctrl+A")).toBe("selectAll");
  });
});
