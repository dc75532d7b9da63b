import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import type { FakeRecord } from "../../lib/backend/fakeListing";
import { Session } from "../../lib/session.svelte";
import { listingOf, plain } from "../../testing/scripted";
import Grid from "./Grid.svelte";

function show(records: FakeRecord[], extra: Record<string, unknown> = {}) {
  const session = new Session(new FakeBackend({ count: 20 }));
  const props = {
    session,
    listing: listingOf(records),
    question: "library",
    revision: 1,
    firm: null,
    weakShown: false,
    byTime: false,
    thumbUrl: (id: number) => `thumb://localhost/${id}`,
    onopen: vi.fn(),
    onweak: vi.fn(),
    onend: vi.fn(),
    feedback: null,
    onescape: vi.fn(),
    ...extra,
  };
  return { session, props, user: userEvent.setup(), ...render(Grid, { props }) };
}

const grid = (): HTMLElement => screen.getByTestId("grid");
const tile = (id: number): HTMLElement => {
  const found = document.getElementById(`tile-${id}`);
  if (!found) throw new Error(`photo ${id} is not there`);
  return found;
};

async function scrollTo(top: number): Promise<void> {
  grid().scrollTop = top;
  grid().dispatchEvent(new Event("scroll"));
  await new Promise((done) => setTimeout(done, 100));
  flushSync();
}

beforeEach(() => localStorage.clear());
afterEach(() => localStorage.clear());

describe("the size and the arrangement of photos", () => {
  it("are what the person chose", () => {
    const { session } = show(plain(400));
    const height = parseFloat(tile(1).style.height);
    session.layout.rowHeight = 100;
    flushSync();
    expect(parseFloat(tile(1).style.height)).toBeLessThan(height / 1.5);
    session.layout.arrangement = "squares";
    flushSync();
    expect(
      Math.abs(parseFloat(tile(1).style.height) - parseFloat(tile(1).style.width)),
    ).toBeLessThan(2);
  });

  it("change by the wheel with Control, and without it the wheel scrolls", async () => {
    const { session } = show(plain(400));
    await fireEvent.wheel(grid(), { deltaY: -100 });
    expect(session.layout.rowHeight).toBe(200);
    await fireEvent.keyDown(window, { key: "Control", ctrlKey: true });
    const turned = new WheelEvent("wheel", { deltaY: -100, cancelable: true, bubbles: true });
    grid().dispatchEvent(turned);
    expect(session.layout.rowHeight).toBe(221);
    expect(turned.defaultPrevented).toBe(true);
    await fireEvent.keyUp(window, { key: "Control" });
    await fireEvent.wheel(grid(), { deltaY: -100 });
    expect(session.layout.rowHeight).toBe(221);
  });

  it("keep the photo at the upper edge there, however often they change", async () => {
    const { session } = show(plain(5000));
    await scrollTo(20_000);
    const topOf = (id: number): number => parseFloat(tile(id).style.top) - grid().scrollTop;
    const first = screen
      .getAllByTestId("tile")
      .map(({ dataset }) => Number(dataset.photoId))
      .find((id) => topOf(id) > -300 && topOf(id) + parseFloat(tile(id).style.height) > 0);
    const id = first ?? 0;
    for (const size of [120, 300, 96, 360, 200]) {
      session.layout.rowHeight = size;
      flushSync();
      // As the browser tells that it was put there.
      grid().dispatchEvent(new Event("scroll"));
      flushSync();
      const height = parseFloat(tile(id).style.height);
      expect(topOf(id)).toBeLessThanOrEqual(0);
      expect(topOf(id)).toBeGreaterThan(-height - 7);
    }
    expect(grid().scrollTop).toBeCloseTo(20_000, -1);
  });
});

describe("the dates of photos", () => {
  const NOON = Date.parse("2026-05-20T12:00:00Z") / 1000;
  /** Six photos on each of so many days, the newest first. */
  const days = (count: number): FakeRecord[] =>
    plain(count * 6).map(({ id }) => ({
      id,
      time: NOON - Math.floor((id - 1) / 6) * 86_400,
    }));
  const checks = (): HTMLElement[] => screen.getAllByTestId("choose-date");
  const states = (): (string | null)[] =>
    checks().map((check) => check.getAttribute("aria-checked"));

  it("choose all of a day, beside what is chosen, and let them go again", async () => {
    const { user, session } = show(days(3), { byTime: true });
    expect(states()).toEqual(["false", "false", "false"]);
    await user.click(tile(2));
    expect(states()).toEqual(["mixed", "false", "false"]);
    await user.click(checks()[1] as HTMLElement);
    expect([...session.selection.ids].sort((a, b) => a - b)).toEqual([2, 7, 8, 9, 10, 11, 12]);
    expect(states()).toEqual(["mixed", "true", "false"]);
    checks()[1]?.focus();
    await user.keyboard(" ");
    expect([...session.selection.ids]).toEqual([2]);
    expect(screen.getByRole("checkbox", { name: /All photos of .*20.*2026/ })).toBeTruthy();
  });

  it("stand along the edge, and lead there by a click, a drag, and keys", async () => {
    const { user } = show(days(600), { byTime: true });
    const scrubber = screen.getByRole("slider", { name: "Go to a date" });
    scrubber.setPointerCapture = vi.fn();
    expect(scrubber.getAttribute("aria-valuetext")).toBe("May 2026");
    expect(within(scrubber).getAllByTestId("tick").length).toBeGreaterThan(10);
    expect(within(scrubber).getByText("2025")).toBeTruthy();

    await fireEvent.pointerMove(scrubber, { clientY: 350 });
    const hinted = screen.getByTestId("scrubber-month").textContent ?? "";
    expect(hinted).toMatch(/2025$/);
    expect(grid().scrollTop).toBe(0);
    await fireEvent.pointerDown(scrubber, { button: 0, clientY: 350 });
    await scrollTo(grid().scrollTop);
    expect(scrubber.getAttribute("aria-valuetext")).toBe(hinted.trim());
    await fireEvent.pointerMove(scrubber, { clientY: 700 });
    await fireEvent.pointerUp(scrubber, {});
    await scrollTo(grid().scrollTop);
    expect(scrubber.getAttribute("aria-valuenow")).toBe("100");

    scrubber.focus();
    const press = async (keys: string): Promise<string | null> => {
      await user.keyboard(keys);
      await scrollTo(grid().scrollTop);
      return scrubber.getAttribute("aria-valuetext");
    };
    expect(await press("{Home}")).toBe("May 2026");
    expect(await press("{ArrowDown}")).toBe("April 2026");
    expect(await press("{ArrowDown}")).toBe("March 2026");
    expect(await press("{ArrowUp}")).toBe("April 2026");
    expect(await press("{PageDown}")).toBe("December 2025");
  });

  it("have no scrubber where all fits the window, nor in another order", () => {
    const { unmount } = show(days(1), { byTime: true });
    expect(screen.queryByTestId("scrubber")).toBeNull();
    unmount();
    show(days(600));
    expect(screen.queryByTestId("scrubber")).toBeNull();
  });
});

describe("what a photo tells of itself", () => {
  const hover = (id: number): void => {
    tile(id).dispatchEvent(new Event("pointerover", { bubbles: true }));
    flushSync();
  };

  it("is a favourite at all times, and its stars under the pointer", async () => {
    const { user, session } = show([
      { id: 1, favourite: true, rating: 4 },
      { id: 2, rating: -1 },
      { id: 3 },
    ]);
    const favourite = vi.spyOn(session.actions, "favourite").mockResolvedValue(undefined);
    expect(within(tile(1)).getByTestId("tile-favourite")).toBeTruthy();
    expect(within(tile(3)).queryByTestId("tile-favourite")).toBeNull();
    expect(within(tile(2)).getByTitle("Rejected")).toBeTruthy();
    expect(tile(2).className).toContain("rejected");
    const names = [1, 2, 3].map((id) => tile(id).getAttribute("aria-label") ?? "");
    expect(names[0]).toMatch(/, favourite, 4 stars$/);
    expect(names[1]).toMatch(/, rejected$/);
    expect(names[2]).not.toMatch(/favourite|star|rejected/);
    hover(1);
    expect(screen.getByRole("img", { name: "4 stars" })).toBeTruthy();
    const heart = screen.getByTestId("tile-heart");
    expect(heart.getAttribute("aria-pressed")).toBe("true");
    await user.click(heart);
    expect(favourite).toHaveBeenCalledWith([1], false);
    hover(3);
    expect(screen.queryByRole("img", { name: /stars/ })).toBeNull();
    await user.click(screen.getByTestId("tile-menu"));
    expect(session.actions.menu?.photo).toBe(3);
  });

  it("is how near it is only while that is asked for", async () => {
    const { session } = show([{ id: 1, strength: 1, score: 0.3125 }]);
    expect(screen.queryByTestId("tile-score")).toBeNull();
    await fireEvent.keyDown(window, { key: "Alt", altKey: true });
    expect(screen.getByTestId("tile-score").textContent).toBe("0.31");
    expect(tile(1).getAttribute("aria-label")).toMatch(/, 0\.31$/);
    await fireEvent.keyUp(window, { key: "Alt" });
    expect(screen.queryByTestId("tile-score")).toBeNull();
    session.layout.scores = true;
    flushSync();
    expect(screen.getByTestId("tile-score")).toBeTruthy();
  });

  it("is no score where nothing is scored", () => {
    const { session } = show(plain(3));
    session.layout.scores = true;
    flushSync();
    expect(screen.queryByTestId("tile-score")).toBeNull();
  });
});
