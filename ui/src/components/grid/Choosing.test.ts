import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";

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

const tile = (id: number): HTMLElement => {
  const found = document.getElementById(`tile-${id}`);
  if (!found) throw new Error(`photo ${id} is not there`);
  return found;
};
const chosen = (): number[] =>
  screen
    .getAllByRole("option", { selected: true })
    .map((each) => Number(each.dataset.photoId))
    .sort((a, b) => a - b);
const noneChosen = (): boolean => screen.queryAllByRole("option", { selected: true }).length === 0;
const list = (): HTMLElement => screen.getByRole("listbox");
const bar = (): HTMLElement | null => screen.queryByTestId("selection-bar");

/** Photos of a shape that stand four in a row here, 1000 pixels wide. */
const squares = (count: number): FakeRecord[] =>
  plain(count).map((record) => ({ ...record, aspect: 1.2 }));

describe("choosing by the pointer", () => {
  it("chooses one by a click, a range with Shift, and one more or less with Control", async () => {
    const { user } = show(plain(20));
    await user.click(tile(3));
    expect(chosen()).toEqual([3]);
    expect(bar()).toBeNull();
    await user.keyboard("{Shift>}");
    await user.click(tile(6));
    await user.keyboard("{/Shift}");
    expect(chosen()).toEqual([3, 4, 5, 6]);
    await user.keyboard("{Control>}");
    await user.click(tile(5));
    await user.click(tile(9));
    await user.keyboard("{/Control}");
    expect(chosen()).toEqual([3, 4, 6, 9]);
    expect(screen.getByTestId("selection-count").textContent).toContain("4 selected");
    await user.click(tile(1));
    expect(chosen()).toEqual([1]);
    expect(document.activeElement).toBe(list());
  });

  it("opens on a double click, and only then", async () => {
    const { user, props } = show(plain(10));
    await user.click(tile(4));
    expect(props.onopen).not.toHaveBeenCalled();
    await user.dblClick(tile(5));
    expect(props.onopen).toHaveBeenCalledExactlyOnceWith(5);
  });

  it("chooses what a frame on the ground touches, and nothing on a click there", async () => {
    const { session } = show(squares(40));
    const grid = screen.getByTestId("grid");
    await fireEvent.pointerDown(grid, { button: 0, clientX: 300, clientY: 100 });
    await fireEvent.pointerMove(window, { clientX: 302, clientY: 101 });
    expect(screen.queryByTestId("band")).toBeNull();
    const below = parseFloat(tile(5).style.top) + 10;
    await fireEvent.pointerMove(window, { clientX: 100, clientY: below });
    expect(screen.getByTestId("band").style.left).toBe("100px");
    expect(chosen()).toEqual([1, 2, 5, 6]);
    await fireEvent.pointerMove(window, { clientX: 290, clientY: below });
    expect(chosen()).toEqual([2, 6]);
    await fireEvent.pointerUp(window, {});
    // The click that ends it is not one on the ground.
    await fireEvent.click(grid);
    expect(screen.queryByTestId("band")).toBeNull();
    expect(chosen()).toEqual([2, 6]);

    session.selection.set([2]);
    flushSync();
    await fireEvent.pointerDown(grid, { button: 0, clientX: 3, clientY: 3 });
    await fireEvent.pointerUp(window, {});
    await fireEvent.click(grid, { clientX: 3, clientY: 3 });
    expect(noneChosen()).toBe(true);
  });

  it("draws the frame from a photo, too, with Control, beside what is chosen", async () => {
    const { session } = show(squares(40));
    session.selection.set([12]);
    await fireEvent.pointerDown(tile(2), { button: 0, ctrlKey: true, clientX: 300, clientY: 50 });
    await fireEvent.pointerMove(window, { ctrlKey: true, clientX: 320, clientY: 90 });
    expect(chosen()).toEqual([2, 12]);
    await fireEvent.pointerUp(window, {});
  });

  it("drags files out: all that are chosen, or the one that is dragged alone", async () => {
    const { session } = show(plain(10));
    const out = vi.spyOn(session.backend, "dragOut").mockResolvedValue(undefined);
    session.selection.set([2, 3]);
    flushSync();
    const drag = (id: number): boolean => fireEvent.dragStart(tile(id)) as unknown as boolean;
    drag(3);
    expect(out).toHaveBeenLastCalledWith([2, 3]);
    drag(7);
    flushSync();
    expect(out).toHaveBeenLastCalledWith([7]);
    expect(chosen()).toEqual([7]);
  });

  it("opens by the tap of a finger, and gathers after a long press", async () => {
    vi.useFakeTimers();
    const { props } = show(plain(10));
    const touch = (id: number): void => {
      void fireEvent.pointerDown(tile(id), { button: 0, pointerType: "touch" });
    };
    const lift = (id: number): void => {
      void fireEvent.pointerUp(window, { pointerType: "touch" });
      void fireEvent.click(tile(id));
      flushSync();
    };
    touch(2);
    lift(2);
    expect(props.onopen).toHaveBeenCalledExactlyOnceWith(2);
    touch(3);
    vi.advanceTimersByTime(600);
    lift(3);
    expect(chosen()).toEqual([3]);
    expect(bar()).not.toBeNull();
    touch(5);
    lift(5);
    expect(chosen()).toEqual([3, 5]);
    expect(props.onopen).toHaveBeenCalledOnce();
  });

  it("asks for the menu of the photo pointed at, or of all that are chosen with it", async () => {
    const { session } = show(plain(10));
    session.selection.set([2, 3]);
    await fireEvent.contextMenu(tile(3), { clientX: 40, clientY: 60 });
    expect(session.actions.menu).toEqual({ photos: [2, 3], photo: 3, x: 40, y: 60 });
    await fireEvent.contextMenu(tile(8));
    expect(session.actions.menu?.photos).toEqual([8]);
  });
});

describe("choosing by keys", () => {
  it("moves, extends with Shift, and goes on without choosing with Control", async () => {
    const { user, session } = show(plain(40));
    await user.tab();
    expect(document.activeElement).toBe(list());
    expect(noneChosen()).toBe(true);
    await user.keyboard("{ArrowRight}");
    expect(chosen()).toEqual([2]);
    await user.keyboard("{Shift>}{ArrowRight}{ArrowRight}{/Shift}");
    expect(chosen()).toEqual([2, 3, 4]);
    await user.keyboard("{Control>}{ArrowRight}{ArrowRight}{/Control}");
    expect(chosen()).toEqual([2, 3, 4]);
    expect(session.selection.current).toBe(6);
    await user.keyboard("{Control>} {/Control}");
    expect(chosen()).toEqual([2, 3, 4, 6]);
  });

  it("takes all, clears with Escape, and only then leaves", async () => {
    const { user, props, session } = show(plain(300));
    await user.tab();
    await user.keyboard("{Control>}a{/Control}");
    expect(session.selection.count).toBe(300);
    await user.keyboard("{Escape}");
    expect(session.selection.count).toBe(0);
    expect(props.onescape).not.toHaveBeenCalled();
    await user.keyboard("{Escape}");
    expect(props.onescape).toHaveBeenCalledOnce();
  });

  it("takes only what is on view while weaker matches are folded away", async () => {
    const records = plain(8).map((record, i) => ({
      ...record,
      strength: (i < 3 ? 1 : 3) as 1 | 3,
    }));
    const { user, session } = show(records, { firm: 3 });
    await user.tab();
    await user.keyboard("{Control>}a{/Control}");
    expect([...session.selection.ids]).toEqual([1, 2, 3]);
  });

  it("opens with Enter and Space, and the menu with its key", async () => {
    const { user, props, session } = show(plain(10));
    await user.click(tile(4));
    await user.keyboard("{Enter} ");
    expect(props.onopen.mock.calls).toEqual([[4], [4]]);
    await user.keyboard("{ContextMenu}");
    expect(session.actions.menu?.photo).toBe(4);
    const open = vi.spyOn(session.actions, "openMenu");
    await user.keyboard("{Shift>}{F10}{/Shift}");
    expect(open.mock.calls[0]?.[0]).toBe(4);
  });

  it("acts on all that is chosen, or on the current photo alone", async () => {
    const { user, session } = show(plain(20));
    const rate = vi.spyOn(session.actions, "rate").mockResolvedValue(undefined);
    const trash = vi.spyOn(session.actions, "trash");
    await user.click(tile(3));
    await user.keyboard("{Shift>}{ArrowRight}{/Shift}4");
    expect(rate).toHaveBeenLastCalledWith([3, 4], 4);
    await user.keyboard("{Control>}{ArrowRight}{/Control}{Delete}");
    expect(trash).toHaveBeenLastCalledWith([5]);
  });
});

describe("the bar of what is chosen", () => {
  it("shows with two, or with one that was gathered, and moves nothing", async () => {
    const { user, session } = show(plain(20));
    const height = list().style.height;
    await user.click(tile(3));
    expect(bar()).toBeNull();
    await user.keyboard("{Control>}");
    await user.click(tile(3));
    await user.click(tile(8));
    await user.keyboard("{/Control}");
    expect(session.selection.count).toBe(1);
    expect(bar()).not.toBeNull();
    expect(list().style.height).toBe(height);
    await user.click(screen.getByTestId("bar-clear"));
    expect(bar()).toBeNull();
    expect(document.activeElement).toBe(list());
  });

  it("does to all of them what it offers", async () => {
    const { user, session } = show(
      plain(20).map((record) => ({ ...record, rating: 3, favourite: record.id === 2 })),
    );
    session.selection.set([2, 3]);
    flushSync();
    const favourite = vi.spyOn(session.actions, "favourite").mockResolvedValue(undefined);
    const rate = vi.spyOn(session.actions, "rate").mockResolvedValue(undefined);
    await user.click(screen.getByTestId("bar-favourite"));
    expect(favourite).toHaveBeenCalledWith([2, 3], true);
    const stars = within(bar() as HTMLElement);
    expect(stars.getByRole("radio", { name: "3 stars" }).getAttribute("aria-checked")).toBe("true");
    await user.click(stars.getByRole("radio", { name: "5 stars" }));
    expect(rate).toHaveBeenCalledWith([2, 3], 5);
    await user.click(screen.getByTestId("bar-tag"));
    expect(session.actions.tagging).toEqual([2, 3]);
    await user.click(screen.getByTestId("bar-export"));
    expect(session.actions.exporting).toEqual([2, 3]);
    await user.click(screen.getByTestId("bar-compare"));
    expect(session.actions.comparing).toEqual([2, 3]);
    await user.click(screen.getByTestId("bar-menu"));
    expect(session.actions.menu?.photos).toEqual([2, 3]);
    await user.keyboard("{Delete}");
    expect(session.actions.asked).toEqual([2, 3]);
    await user.keyboard("{Escape}");
    expect(bar()).toBeNull();
  });
});

describe("what is chosen when the photos change", () => {
  it("keeps to the answer, and keys go on from where the photo was", async () => {
    const { user, session, rerender } = show(plain(20));
    await user.click(tile(4));
    await user.keyboard("{Shift>}{ArrowRight}{ArrowRight}{/Shift}");
    expect(chosen()).toEqual([4, 5, 6]);
    const left = plain(20).filter(({ id }) => id !== 5 && id !== 6);
    await rerender({ listing: listingOf(left), revision: 2 });
    expect(chosen()).toEqual([4]);
    expect(session.selection.current).toBe(7);
  });

  it("is nothing of another question", async () => {
    const { user, session, rerender } = show(plain(20));
    await user.click(tile(4));
    await rerender({ listing: listingOf([{ id: 90 }, { id: 91 }]), question: "text:dog" });
    expect(session.selection.count).toBe(0);
    expect(session.selection.current).toBeNull();
  });
});
