import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { createRawSnippet, tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { speech } from "../../lib/i18n/i18n.svelte";
import { Session } from "../../lib/session.svelte";
import Sidebar from "./Sidebar.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

async function open(options: Partial<FakeOptions> = {}) {
  const session = new Session(new FakeBackend({ count: 400, ...options }));
  await session.start();
  const onchosen = vi.fn();
  const children = createRawSnippet(() => ({ render: () => "<p>foot</p>" }));
  render(Sidebar, { props: { session, onchosen, children } });
  await settle();
  return { session, onchosen };
}

const entry = (name: string): HTMLElement =>
  screen.getByRole("button", { name: new RegExp(`^${name}`) });
const marked = (): (string | undefined)[] =>
  [...document.querySelectorAll("[aria-current='page'] .name")].map((name) =>
    name.textContent?.trim(),
  );

beforeEach(() => {
  localStorage.clear();
  speech.choice = "system";
});

describe("the sidebar", () => {
  it("leads to every place, and marks the one that is on view", async () => {
    const { session, onchosen } = await open();
    expect(marked()).toEqual(["Library"]);
    for (const [name, view, text] of [
      ["Favourites", "photos", "is:favourite"],
      ["Recent", "photos", 'added:"last 30 days" sort:added'],
      ["Duplicates", "duplicates", 'added:"last 30 days" sort:added'],
      ["Map", "map", 'added:"last 30 days" sort:added'],
      ["Insight", "insight", 'added:"last 30 days" sort:added'],
      ["Rejected suggestions", "rejected", 'added:"last 30 days" sort:added'],
      ["Library", "photos", ""],
    ] as const) {
      await userEvent.click(entry(name));
      await settle();
      expect([session.view, session.search.text]).toEqual([view, text]);
      expect(marked()).toEqual([name]);
    }
    expect(onchosen).toHaveBeenCalledTimes(7);
  });

  it("marks a folder that is asked for, and nothing where the question is another one", async () => {
    const { session, onchosen } = await open();
    await userEvent.click(screen.getByTestId("folder"));
    await settle();
    expect(session.search.text).toBe('folder:"/home/anna/Pictures"');
    expect(marked()).toEqual(["Pictures"]);
    expect(onchosen).toHaveBeenCalledOnce();
    session.search.type("a dog");
    session.search.submit();
    await settle();
    expect(marked()).toEqual([]);
    session.search.open({
      ...{ id: 0, name: "", query: "is:favourite", examples: [] },
      ...{ like: [3], unlike: [] },
    });
    await settle();
    expect(marked()).toEqual([]);
  });

  it("folds its parts, and remembers that", async () => {
    const { session } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Folders" }));
    expect(screen.queryByTestId("folder")).toBeNull();
    expect(screen.getByRole("button", { name: "Folders" }).getAttribute("aria-expanded")).toBe(
      "false",
    );
    await userEvent.click(screen.getByRole("button", { name: "Tags" }));
    expect(screen.queryByTestId("all-tags")).toBeNull();
    expect(["folders", "tags", "saved"].map((name) => session.layout.folded(name))).toEqual([
      true,
      true,
      false,
    ]);
    await userEvent.click(screen.getByRole("button", { name: "Folders" }));
    expect(screen.getAllByTestId("folder")).toHaveLength(1);
  });

  it("tells the key of a place to who points at it", async () => {
    const { session } = await open();
    expect(entry("Map").title).toBe("Map (Ctrl+5)");
    session.shortcuts.rebind("map", []);
    await settle();
    expect(entry("Map").title).toBe("Map");
  });

  it("speaks the language of the window", async () => {
    await open();
    speech.choice = "de";
    await settle();
    expect(screen.getByRole("navigation", { name: "Bibliothek" })).toBeTruthy();
    expect(entry("Abgelehnte Vorschläge")).toBeTruthy();
  });

  it("offers nothing that would fail while the library cannot be changed", async () => {
    await open({ readOnly: "library.sqlite is damaged" });
    for (const testid of ["add-folder", "new-tag", "save-search"]) {
      expect(screen.getByTestId<HTMLButtonElement>(testid).disabled).toBe(true);
    }
    expect(
      screen.getByRole<HTMLButtonElement>("button", { name: "Look for changes" }).disabled,
    ).toBe(true);
    expect(screen.getByTestId<HTMLButtonElement>("map-entry").disabled).toBe(false);
  });

  it("leads to the settings", async () => {
    const { session } = await open();
    await userEvent.click(screen.getByTestId("settings-button"));
    expect(session.settings.section).toBe("folders");
  });
});
