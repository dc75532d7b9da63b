import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";

import { Shortcuts } from "../../lib/shortcuts/shortcuts.svelte";
import KeysSection from "./KeysSection.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await tick();
}

function open(): Shortcuts {
  const shortcuts = new Shortcuts();
  render(KeysSection, { props: { shortcuts } });
  return shortcuts;
}

const row = (id: string): HTMLElement => screen.getByTestId(`key-${id}`);
const keys = (id: string): (string | null)[] =>
  [...row(id).querySelectorAll("kbd")].map((key) => key.textContent);
const button = (id: string, name: RegExp | string): HTMLElement =>
  within(row(id)).getByRole("button", { name });

async function add(id: string, typed: string): Promise<void> {
  await userEvent.click(button(id, /^Add a key/));
  expect(within(row(id)).getByText("Press a key…")).toBeTruthy();
  await userEvent.keyboard(typed);
  await settle();
}

beforeEach(() => localStorage.clear());

describe("the keys in the settings", () => {
  it("are added by pressing them, several to an action, and taken away", async () => {
    const shortcuts = open();
    await add("slideshow", "{F8}");
    expect(keys("slideshow")).toEqual(["F5", "F8"]);
    expect(document.activeElement).toBe(button("slideshow", /^Add a key/));
    await userEvent.click(button("slideshow", /^Take F5 away/));
    await settle();
    expect(shortcuts.keys("slideshow")).toEqual(["F8"]);
    await userEvent.click(button("slideshow", /^Take F8 away/));
    await settle();
    expect(within(row("slideshow")).getByText("No key")).toBeTruthy();
  });

  it("that another action has are told with its name, and left or taken", async () => {
    const shortcuts = open();
    await add("undo", "{Control>}k{/Control}");
    expect(within(row("undo")).getByRole("alert").textContent).toContain(
      "Ctrl+K is already used for: Go to the search box.",
    );
    await userEvent.click(button("undo", "Leave it there"));
    await settle();
    expect(within(row("undo")).queryByRole("alert")).toBeNull();
    expect(keys("undo")).toEqual(["Ctrl+Z"]);

    await add("undo", "{Control>}k{/Control}");
    await userEvent.click(screen.getByTestId("take-key"));
    await settle();
    expect(keys("undo")).toEqual(["Ctrl+Z", "Ctrl+K"]);
    expect(shortcuts.keys("focusSearch")).toEqual(["/"]);
  });

  it("that lead through the window are refused", async () => {
    open();
    await add("undo", "{ArrowLeft}");
    expect(within(row("undo")).getByRole("alert").textContent).toContain(
      "← leads through the window",
    );
    expect(keys("undo")).toEqual(["Ctrl+Z"]);
  });

  it("are not waited for any more after Escape, and when the focus goes", async () => {
    open();
    await add("undo", "{Escape}");
    expect(within(row("undo")).queryByText("Press a key…")).toBeNull();
    await userEvent.click(button("undo", /^Add a key/));
    await userEvent.tab();
    await settle();
    expect(within(row("undo")).queryByText("Press a key…")).toBeNull();
  });

  it("are reset one by one, or all", async () => {
    const shortcuts = open();
    shortcuts.rebind("undo", ["F2"]);
    shortcuts.rebind("map", ["F3"]);
    await settle();
    await userEvent.click(button("undo", /^Reset/));
    await settle();
    expect([keys("undo"), keys("map")]).toEqual([["Ctrl+Z"], ["F3"]]);
    await userEvent.click(screen.getByTestId("reset-keys"));
    await settle();
    expect(keys("map")).toEqual(["Ctrl+5"]);
    expect(screen.getByTestId("reset-keys")).toHaveProperty("disabled", true);
  });

  it("are found by what they do", async () => {
    open();
    await userEvent.type(screen.getByRole("textbox"), "slideshow");
    await settle();
    expect(screen.getAllByTestId(/^key-/)).toHaveLength(1);
    await userEvent.type(screen.getByRole("textbox"), "zzz");
    await settle();
    expect(screen.getByRole("status").textContent).toContain("Nothing is called “slideshowzzz”.");
  });
});
