import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Session } from "../../lib/session.svelte";
import App from "../../views/App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

async function open(): Promise<Session> {
  const session = new Session(new FakeBackend({ count: 20 }));
  render(App, { props: { session } });
  await settle();
  screen.getByRole("button", { name: "Settings" }).focus();
  await userEvent.keyboard("?");
  await settle();
  return session;
}

/** What each row says, with spaces between its keys. */
const rows = (): string[] =>
  [...screen.getByTestId("sheet").querySelectorAll("dl > div")].map((row) =>
    [...row.querySelectorAll("dt, kbd, .none")].map(({ textContent }) => textContent).join(" "),
  );

beforeEach(() => localStorage.clear());

describe("the sheet of keys", () => {
  it("opens by its key, and shows each action with the keys as they are set", async () => {
    const session = await open();
    expect(rows()).toContain("Undo Ctrl+Z");
    expect(rows()).toContain("Move among the photos ← → ↑ ↓");
    session.shortcuts.rebind("undo", ["F2"]);
    session.shortcuts.rebind("map", []);
    await settle();
    expect(rows()).toContain("Undo F2");
    expect(rows()).toContain("Map No key");
  });

  it("is narrowed down by what is typed, first thing", async () => {
    await open();
    await userEvent.keyboard("trash");
    await settle();
    expect(rows()).toEqual(["Move to the trash Delete"]);
    await userEvent.keyboard("zzz");
    await settle();
    expect(rows()).toEqual([]);
    expect(screen.getByText("Nothing is called “trashzzz”.")).toBeTruthy();
  });

  it("leads to where keys are changed, and closes by Escape", async () => {
    const session = await open();
    await userEvent.click(screen.getByRole("button", { name: "Change keys…" }));
    await settle();
    expect(screen.queryByTestId("sheet")).toBeNull();
    expect(session.settings.section).toBe("keys");
    session.settings.close();
    await settle();
    screen.getByRole("button", { name: "Settings" }).focus();
    await userEvent.keyboard("?");
    await settle();
    expect(screen.getByTestId("sheet")).toBeTruthy();
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByTestId("sheet")).toBeNull();
  });
});
