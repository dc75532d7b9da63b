import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import Menu from "./Menu.svelte";

function open() {
  const [rename, replace, remove] = [vi.fn(), vi.fn(), vi.fn()];
  const items = [
    { words: "Rename", run: rename },
    { words: "Replace", disabled: true, run: replace },
    { words: "Remove", run: remove },
  ];
  render(Menu, { props: { label: "Change it", items } });
  return { rename, replace, remove };
}

const button = (): HTMLElement => screen.getByRole("button", { name: "Change it" });
const item = (name: string): HTMLElement => screen.getByRole("menuitem", { name });

describe("a menu", () => {
  it("unfolds with the first thing in focus, and does what is chosen", async () => {
    const { rename } = open();
    expect(button().getAttribute("aria-expanded")).toBe("false");
    await userEvent.click(button());
    expect(button().getAttribute("aria-expanded")).toBe("true");
    expect(document.activeElement).toBe(item("Rename"));
    await userEvent.keyboard("{Enter}");
    expect(rename).toHaveBeenCalledOnce();
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(button());
  });

  it("is walked through by the arrow keys, past what cannot be done", async () => {
    open();
    await userEvent.click(button());
    const focused: (string | null | undefined)[] = [];
    for (const key of ["{ArrowDown}", "{ArrowDown}", "{ArrowUp}", "{Home}", "{End}"]) {
      await userEvent.keyboard(key);
      focused.push(document.activeElement?.textContent?.trim());
    }
    expect(focused).toEqual(["Remove", "Rename", "Remove", "Rename", "Remove"]);
    expect(item("Replace").hasAttribute("disabled")).toBe(true);
  });

  it.each(["Escape", "Tab"])("folds by %s, and gives the focus back", async (key) => {
    const { rename, remove } = open();
    await userEvent.click(button());
    await userEvent.keyboard(`{${key}}`);
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(button());
    expect(rename).not.toHaveBeenCalled();
    expect(remove).not.toHaveBeenCalled();
  });

  it("folds by a press elsewhere, and by a second one on its button", async () => {
    open();
    await userEvent.click(button());
    await userEvent.click(document.body);
    expect(screen.queryByRole("menu")).toBeNull();
    await userEvent.click(button());
    await userEvent.click(button());
    await tick();
    expect(screen.queryByRole("menu")).toBeNull();
  });
});
