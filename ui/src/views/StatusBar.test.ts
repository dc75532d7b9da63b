import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions, type FakeState } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await tick();
}

/** The whole window, for a status is told by several of its parts. */
async function open(options: Partial<FakeOptions> = {}): Promise<FakeBackend> {
  const backend = new FakeBackend({ count: 1000, ...options });
  render(App, { props: { session: new Session(backend) } });
  await settle();
  return backend;
}

const bar = (): HTMLElement => screen.getByRole("contentinfo", { name: "Status" });
const text = (): string => bar().textContent?.replace(/\s+/g, " ").trim() ?? "";
const named = (name: string | RegExp): HTMLElement | null => screen.queryByRole("button", { name });

beforeEach(() => localStorage.clear());

describe("the status bar", () => {
  it.each<[FakeState, string, boolean]>([
    ["scanning", "Looking through your folders", true],
    ["loadingModel", "Loading the model", true],
    ["polite", "Indexing on one core while you work", true],
    ["onOneCore", "Indexing on one core", true],
    ["waitingForMains", "Waiting for mains power", true],
    ["waiting", "Another Afterimage is indexing this library", false],
    ["diskFull", "The disk is full. Indexing goes on as soon as there is room", false],
    ["idle", "1,000 photos in the library", false],
  ])("says what goes on, and can pause what can be paused: %s", async (state, words, pauses) => {
    await open({ state });
    expect(text().startsWith(words)).toBe(true);
    expect(named("Pause indexing") !== null).toBe(pauses);
  });

  it("explains a step to who points at it, and to who listens", async () => {
    await open({ state: "polite" });
    const why = "It goes at full speed while you are away";
    expect(screen.getByTitle(why).textContent).toContain(why);
  });

  it("leads from a step that waits to the choice that makes it wait", async () => {
    await open({ state: "waitingForAbsence" });
    const waiting = screen.getByRole("button", { name: "Waiting until you are away" });
    expect(waiting.title).toBe(
      "You chose to index only while you are away. Change it in the settings",
    );
    waiting.focus();
    await userEvent.keyboard("{Enter}");
    await settle();
    expect(screen.getByRole("heading", { name: "Indexing" })).toBeTruthy();
    expect(
      screen.getByRole<HTMLInputElement>("radio", { name: /^Only while you are away/ }).checked,
    ).toBe(true);
  });

  it("goes on as the choice is another one, and the keyboard keeps a place", async () => {
    await open({ state: "waitingForMains" });
    await userEvent.click(screen.getByRole("button", { name: "Waiting for mains power" }));
    await settle();
    await userEvent.click(screen.getByRole("checkbox", { name: /^Only on mains power/ }));
    await settle();
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(text()).toMatch(/^Indexing on one core while you work/);
    expect(named("Waiting for mains power")).toBeNull();
    // The button that had it is gone.
    expect(document.activeElement).toBe(screen.getByTestId("search-box"));
  });

  it("is no way to the settings while nothing is held back by them", async () => {
    for (const state of ["polite", "paused", "waiting"] as const) {
      const { unmount } = render(App, {
        props: { session: new Session(new FakeBackend({ count: 9, state })) },
      });
      await settle();
      expect(screen.queryByTestId("deferred"), state).toBeNull();
      unmount();
    }
  });

  it("says only that it is paused, and goes on to wait as before", async () => {
    const backend = await open({ state: "waitingForMains" });
    const pause = vi.spyOn(backend, "pause");
    await userEvent.click(screen.getByRole("button", { name: "Pause indexing" }));
    await settle();
    expect(pause).toHaveBeenCalledOnce();
    expect(text()).toMatch(/^Paused/);
    expect(named(/^Waiting/)).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Go on indexing" }));
    await settle();
    expect(named("Waiting for mains power")).toBeTruthy();
  });

  it("says so at once, before the engine tells of it", async () => {
    const backend = await open({ state: "waitingForMains" });
    vi.spyOn(backend, "pause").mockResolvedValue();
    await userEvent.click(screen.getByRole("button", { name: "Pause indexing" }));
    await settle();
    expect(text()).toMatch(/^Paused/);
    expect(screen.queryByTestId("deferred")).toBeNull();
  });

  it("stays as it was, and says so, where pausing fails", async () => {
    const backend = await open({ state: "indexing" });
    vi.spyOn(backend, "pause").mockRejectedValue({ code: "failed", message: "no answer" });
    await userEvent.click(screen.getByRole("button", { name: "Pause indexing" }));
    await settle();
    expect(text()).toMatch(/^Indexing/);
    expect(screen.getByRole("alert").textContent).toContain(
      "Indexing could not be paused. No answer.",
    );
  });

  it("shows how far it was where it waits, and foretells nothing", async () => {
    const backend = await open({ state: "waitingForMains" });
    // What was foretold before it had to wait.
    backend.emitProgress({
      step: "deferred",
      done: 620,
      total: 1000,
      failed: 0,
      rate: 21,
      secondsLeft: 192,
      effort: "waitingForMains",
    });
    await settle();
    const progress = screen.getByRole("progressbar", { name: "Waiting for mains power" });
    expect(progress).toHaveProperty("value", 620);
    expect(text()).toContain("620 of 1,000");
    expect(text()).not.toMatch(/left|photos\/s/);
  });

  it("speaks up when the disk is full", async () => {
    await open({ state: "diskFull" });
    expect(screen.getByRole("alert").textContent).toContain("The disk is full");
    expect(within(bar()).queryByRole("progressbar")).toBeNull();
  });
});

describe("the work in the background", () => {
  it("is told to who listens when a quarter more of it is done, and not before", async () => {
    const backend = await open({ state: "onOneCore" });
    const told = screen.getByTestId("progress-told");
    expect(told.getAttribute("role")).toBe("status");
    const at = async (done: number): Promise<string> => {
      backend.emit((events) =>
        events.progress({
          ...{ step: "indexing", effort: "polite", total: 1000, done },
          ...{ failed: 0, rate: 3, secondsLeft: 60 },
        }),
      );
      await settle();
      return told.textContent?.trim() ?? "";
    };
    expect(await at(10)).toBe("Indexing on one core");
    expect(await at(240)).toBe("Indexing on one core");
    expect(await at(250)).toBe("Indexing on one core: 25\u00a0%");
    expect(await at(499)).toBe("Indexing on one core: 25\u00a0%");
    expect(await at(990)).toBe("Indexing on one core: 75\u00a0%");
  });
});
