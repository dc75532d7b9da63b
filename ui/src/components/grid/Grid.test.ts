import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { versioned } from "../../lib/backend/address";
import { FakeBackend } from "../../lib/backend/fake";
import type { FakeRecord } from "../../lib/backend/fakeListing";
import { firmCount, WHY } from "../../lib/backend/listing";
import { Session } from "../../lib/session.svelte";
import { listingOf, plain } from "../../testing/scripted";
import Grid from "./Grid.svelte";

const scored = (strong: number, weak: number): FakeRecord[] =>
  plain(strong + weak).map((record, i) => ({ ...record, strength: i < strong ? 1 : 3 }));

function show(records: FakeRecord[], extra: Record<string, unknown> = {}) {
  const listing = listingOf(records);
  const props = {
    session: new Session(new FakeBackend({ count: 3 })),
    listing,
    question: "library",
    revision: 1,
    firm: firmCount(listing),
    weakShown: false,
    byTime: false,
    thumbUrl: (id: number, version: number) => versioned(`thumb://localhost/${id}`, version),
    onopen: vi.fn(),
    onweak: vi.fn(),
    onend: vi.fn(),
    feedback: null,
    onescape: vi.fn(),
    ...extra,
  };
  return { props, ...render(Grid, { props }) };
}

const tiles = (): HTMLElement[] => screen.getAllByTestId("tile");
const ids = (): number[] => tiles().map((tile) => Number(tile.dataset.photoId));
const list = (): HTMLElement => screen.getByRole("listbox");
const currentId = (): number | null => {
  const { activeElement } = document;
  const id = activeElement?.getAttribute("aria-activedescendant");
  return id ? Number(document.getElementById(id)?.dataset.photoId) : null;
};

async function scrollTo(top: number): Promise<void> {
  const grid = screen.getByTestId("grid");
  grid.scrollTop = top;
  grid.dispatchEvent(new Event("scroll"));
  flushSync();
  // After a rush, thumbnails are asked for once the scrolling has rested.
  await new Promise((done) => setTimeout(done, 100));
}

const pageHeight = (): number => parseFloat(list().style.height);

describe("the grid", () => {
  it("makes tiles only for what is near the window, however many photos there are", async () => {
    show(plain(100_000));
    expect(tiles().length).toBeLessThan(60);
    expect(ids()[0]).toBe(1);
    const height = pageHeight();
    expect(height).toBeGreaterThan(1_000_000);

    await scrollTo(height / 2);
    expect(tiles().length).toBeLessThan(60);
    expect(ids()[0]).toBeGreaterThan(45_000);

    await scrollTo(height - 700);
    expect(ids().at(-1)).toBe(100_000);
    expect(pageHeight()).toBe(height);
  });

  it("hands its nodes on instead of making new ones", async () => {
    show(plain(5000));
    const before = new Set(tiles());
    await scrollTo(pageHeight() / 2);
    const after = tiles();
    expect(ids()[0]).toBeGreaterThan(1000);
    expect(after.filter((tile) => before.has(tile)).length).toBeGreaterThan(after.length / 2);
  });

  it("keeps the order of reading in the document", async () => {
    show(plain(5000));
    await scrollTo(3333);
    await scrollTo(4000);
    expect(ids()).toEqual([...ids()].sort((a, b) => a - b));
  });

  it("says where each photo stands among all", () => {
    show(plain(500));
    const [first] = tiles();
    expect(first?.getAttribute("aria-posinset")).toBe("1");
    expect(first?.getAttribute("aria-setsize")).toBe("500");
  });

  it("shows the average colour at once, and a thumbnail only when it is there", () => {
    show([{ id: 4, color: 0x102030 }]);
    const [tile] = tiles();
    expect(tile?.style.backgroundColor).toBe("#102030");
    const image = tile?.querySelector("img");
    expect(image?.getAttribute("src")).toBe("thumb://localhost/4");
    expect(tile?.className).toContain("waiting");
    image?.dispatchEvent(new Event("load"));
    flushSync();
    expect(tile?.className).toMatch(/there|arriving/);
  });

  it("asks again for a missing thumbnail once the library has changed", async () => {
    const { props, rerender } = show([{ id: 4 }]);
    screen.getByTestId("tile").querySelector("img")?.dispatchEvent(new Event("error"));
    flushSync();
    expect(screen.getByTestId("tile").querySelector("img")).toBeNull();
    await rerender({ revision: props.revision + 1 });
    expect(screen.getByTestId("tile").querySelector("img")?.src).toBe(
      "thumb://localhost/4?retry=1",
    );
  });

  it("shows the new thumbnail of a photo that was edited in place", async () => {
    const { rerender } = show([{ id: 4, version: 0xa1 }]);
    const image = (): HTMLImageElement | null => screen.getByTestId("tile").querySelector("img");
    expect(image()?.src).toBe("thumb://localhost/4?v=a1");
    image()?.dispatchEvent(new Event("load"));
    await rerender({ listing: listingOf([{ id: 4, version: 0xb2 }]), revision: 2 });
    expect(image()?.src).toBe("thumb://localhost/4?v=b2");
  });

  it("paints colours while it is rushed through, touches no tile and waits for no thumbnail", async () => {
    show(plain(100_000).map((record) => ({ ...record, color: 0x102030 })));
    const grid = screen.getByTestId("grid");
    tiles()[0]?.querySelector("img")?.dispatchEvent(new Event("load"));
    flushSync();
    const before = ids();
    grid.scrollTop = 2_000_000;
    grid.dispatchEvent(new Event("scroll"));
    flushSync();
    expect(ids()).toEqual(before);
    // What has come by then is kept.
    expect(grid.querySelectorAll("img")).toHaveLength(1);
    const rows = [...grid.querySelectorAll<HTMLElement>(".passing > div")];
    expect(rows.length).toBeGreaterThan(2);
    const tops = rows.map((row) => parseFloat(row.style.top));
    expect(Math.min(...tops)).toBeGreaterThan(1_999_000);
    expect(Math.max(...tops)).toBeLessThanOrEqual(2_000_700);

    await new Promise((done) => setTimeout(done, 100));
    flushSync();
    expect(ids()[0]).toBeGreaterThan(1000);
    expect(grid.querySelectorAll("img").length).toBeGreaterThan(2);
  });

  it("asks for what is in the window first, then for what is below it, then above", async () => {
    show(plain(2000));
    const top = 10_000;
    await scrollTo(top);
    const placeOf = (tile: HTMLElement): "seen" | "below" | "above" => {
      const from = parseFloat(tile.style.top);
      if (from + parseFloat(tile.style.height) <= top) return "above";
      return from > top + 700 ? "below" : "seen";
    };
    const asked = (place: string): boolean[] =>
      tiles()
        .filter((tile) => placeOf(tile) === place)
        .map((tile) => tile.querySelector("img") !== null);
    const arrive = (place: string): void => {
      for (const tile of tiles().filter((each) => placeOf(each) === place)) {
        tile.querySelector("img")?.dispatchEvent(new Event("load"));
      }
      flushSync();
    };
    expect(new Set(asked("seen"))).toEqual(new Set([true]));
    expect(new Set(asked("below"))).toEqual(new Set([false]));
    arrive("seen");
    expect(new Set(asked("below"))).toEqual(new Set([true]));
    expect(new Set(asked("above"))).toEqual(new Set([false]));
    arrive("below");
    expect(new Set(asked("above"))).toEqual(new Set([true]));
  });

  it("forgets a thumbnail that is still on its way to a photo scrolled past", async () => {
    show(plain(5000));
    const images = tiles().flatMap((tile) => [...tile.querySelectorAll("img")]);
    const addresses = images.map((image) => image.getAttribute("src"));
    await scrollTo(pageHeight() / 2);
    images.forEach((image, i) => expect(image.getAttribute("src")).not.toBe(addresses[i]));
  });

  it("moves by the arrow keys, rows, pages, and to both ends", async () => {
    const user = userEvent.setup();
    const { props } = show(plain(1000));
    list().focus();
    flushSync();
    expect(currentId()).toBe(1);
    await user.keyboard("{ArrowRight}{ArrowRight}{ArrowLeft}");
    expect(currentId()).toBe(2);
    await user.keyboard("{ArrowDown}");
    const below = currentId() ?? 0;
    expect(below).toBeGreaterThan(2);
    await user.keyboard("{ArrowUp}");
    expect(currentId()).toBe(2);
    await user.keyboard("{PageDown}");
    expect(currentId()).toBeGreaterThan(below);
    await user.keyboard("{End}");
    expect(currentId()).toBe(1000);
    await user.keyboard("{ArrowRight}{ArrowDown}");
    expect(currentId()).toBe(1000);
    await user.keyboard("{Home}{ArrowLeft}");
    expect(currentId()).toBe(1);
    await user.keyboard("{Enter}");
    expect(props.onopen).toHaveBeenCalledWith(1);
  });

  it("folds weaker matches away behind a line, and offers them", async () => {
    const { props, rerender } = show(scored(3, 5));
    expect(ids()).toEqual([1, 2, 3]);
    const fold = screen.getByTestId("weaker-matches");
    expect(fold.textContent).toContain("5 photos");
    expect(fold.getAttribute("aria-expanded")).toBe("false");
    await userEvent.click(fold);
    expect(props.onweak).toHaveBeenCalledWith(true);
    await rerender({ weakShown: true });
    expect(ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(parseFloat(fold.style.top)).toBeLessThan(parseFloat(tiles()[3]?.style.top ?? ""));
  });

  it("keeps the photo at its upper edge when others come before it, and starts anew with a question", async () => {
    const { rerender } = show(plain(5000));
    await scrollTo(20_000);
    const topOf = (id: number): number =>
      parseFloat(document.getElementById(`tile-${id}`)?.style.top ?? "NaN") -
      screen.getByTestId("grid").scrollTop;
    const first = ids().find((id) => topOf(id) >= 0) ?? 0;
    const before = topOf(first);

    const more = [...plain(7).map(({ id }) => ({ id: id + 90_000 })), ...plain(5000)];
    await rerender({ listing: listingOf(more), revision: 2 });
    expect(ids()).toContain(first);
    // Rows may break elsewhere now, by no more than one row's height.
    expect(Math.abs(topOf(first) - before)).toBeLessThan(300);

    await rerender({ listing: listingOf(plain(50)), question: "text:dog" });
    expect(screen.getByTestId("grid").scrollTop).toBe(0);
  });
});

describe("photos in the order of dates", () => {
  const DAY = 86_400;
  const NOON = 20_000 * DAY + DAY / 2;
  /** Six photos on each of so many days. */
  const days = (count: number): FakeRecord[] =>
    plain(count * 6).map(({ id }) => ({ id, time: NOON - Math.floor((id - 1) / 6) * DAY }));
  const dates = (): (string | null)[] =>
    screen.queryAllByTestId("date").map((head) => head.textContent);

  it("stand under their days, each in rows of its own", () => {
    show(days(3), { byTime: true });
    expect(dates()).toHaveLength(3);
    expect(dates()[0]).toContain("2024");
    const top = (id: number): number =>
      parseFloat(document.getElementById(`tile-${id}`)?.style.top ?? "NaN");
    expect(top(1)).toBe(40);
    expect(top(7)).toBeGreaterThanOrEqual(top(6) + 40);
    expect(document.getElementById("tile-7")?.style.left).toBe("0px");
  });

  it("are not hidden by the date that stays at the upper edge", async () => {
    show(days(60), { byTime: true });
    list().focus();
    flushSync();
    await userEvent.keyboard(
      "{End}{ArrowUp}{ArrowUp}{ArrowUp}{ArrowUp}{ArrowUp}{ArrowUp}{ArrowUp}",
    );
    const { scrollTop } = screen.getByTestId("grid");
    expect(scrollTop).toBeGreaterThan(1000);
    const top = parseFloat(document.getElementById(`tile-${currentId()}`)?.style.top ?? "NaN");
    expect(top - scrollTop).toBe(40 + 6);
  });

  it("have no dates in the order of relevance", () => {
    show(days(3));
    expect(dates()).toEqual([]);
  });

  it("make only the dates that are near the window", async () => {
    show(days(3000), { byTime: true });
    expect(dates().length).toBeLessThan(20);
    const [first] = dates();
    await scrollTo(pageHeight() / 2);
    expect(dates().length).toBeLessThan(20);
    expect(dates()).not.toContain(first);
  });
});

describe("an answer that comes in pages", () => {
  it("asks for more near its end, and once more when more has come", async () => {
    const { props, rerender } = show(plain(500), {
      listing: listingOf(plain(500), { total: 9000 }),
    });
    expect(props.onend).not.toHaveBeenCalled();
    await scrollTo(pageHeight() - 900);
    expect(props.onend).toHaveBeenCalledOnce();
    const top = screen.getByTestId("grid").scrollTop;
    await rerender({ listing: listingOf(plain(510), { total: 9000 }) });
    expect(props.onend).toHaveBeenCalledTimes(2);
    expect(screen.getByTestId("grid").scrollTop).toBe(top);
    await rerender({ listing: listingOf(plain(9000), { total: 9000 }) });
    expect(props.onend).toHaveBeenCalledTimes(2);
  });

  it("counts the weaker matches that have not come yet, once the others are there", async () => {
    const header = { total: 800, strong: 3, likely: 0 };
    const { rerender } = show([], { listing: listingOf(scored(3, 5), header), firm: 3 });
    expect(screen.getByTestId("weaker-matches").textContent).toContain("797 photos");
    await rerender({ listing: listingOf(scored(3, 0), { ...header, strong: 9 }), firm: 3 });
    expect(screen.queryByTestId("weaker-matches")).toBeNull();
  });
});

describe("what is said of a photo", () => {
  const feedback = () => ({ like: [2], unlike: [3], onsay: vi.fn() });
  const hover = (place: number): void => {
    tiles()[place]?.dispatchEvent(new Event("pointerover", { bubbles: true }));
    flushSync();
  };
  const buttons = (): HTMLElement[] =>
    within(screen.getByTestId("tile-actions")).getAllByRole("button", { name: /like this/ });

  it("is said by + and - of the current one", async () => {
    const { props } = show(scored(5, 0), { feedback: feedback() });
    const say = vi.spyOn(props.session.search, "say").mockReturnValue(undefined);
    list().focus();
    flushSync();
    await userEvent.keyboard("{ArrowRight}+-");
    expect(say.mock.calls).toEqual([
      [2, true],
      [2, false],
    ]);
  });

  it("is said of the one under the pointer, without opening it", async () => {
    const said = feedback();
    const { props } = show(scored(5, 0), { feedback: said });
    expect(screen.queryByTestId("tile-actions")).toBeNull();
    hover(1);
    expect(buttons().map((button) => button.getAttribute("aria-pressed"))).toEqual([
      "true",
      "false",
    ]);
    hover(2);
    expect(buttons()[1]?.getAttribute("aria-pressed")).toBe("true");
    hover(4);
    await userEvent.click(buttons()[0] as HTMLElement);
    expect(said.onsay).toHaveBeenCalledExactlyOnceWith(5, true);
    expect(props.onopen).not.toHaveBeenCalled();
  });

  it("is not offered where it refines nothing", async () => {
    const { props } = show(plain(5));
    const say = vi.spyOn(props.session.search, "say");
    hover(1);
    const offered = within(screen.getByTestId("tile-actions"));
    expect(offered.queryByRole("button", { name: /like this/ })).toBeNull();
    list().focus();
    flushSync();
    await userEvent.keyboard("+");
    expect(say).not.toHaveBeenCalled();
  });
});

describe("why a photo was found", () => {
  it("is told where more than what it shows matched, and marked where only words did", () => {
    show([
      { id: 1, strength: 1, why: WHY.shows },
      { id: 2, strength: 1, why: WHY.shows | WHY.title },
      { id: 3, strength: 2, why: WHY.keywords },
    ]);
    expect(tiles().map((tile) => tile.getAttribute("title"))).toEqual([
      null,
      "Found by what it shows and its title",
      "Found by its keywords",
    ]);
    expect(tiles()[0]?.getAttribute("aria-label")).not.toContain("found");
    expect(tiles()[2]?.getAttribute("aria-label")).toMatch(/likely match, found by its keywords$/);
    const marked = tiles().map((tile) => within(tile).queryByTestId("by-words") !== null);
    expect(marked).toEqual([false, false, true]);
  });
});
