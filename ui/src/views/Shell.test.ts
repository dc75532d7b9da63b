import { fireEvent, render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../lib/backend/backend";
import { FakeBackend } from "../lib/backend/fake";
import { SIGLIP } from "../lib/backend/fakeModels";
import { speech } from "../lib/i18n/i18n.svelte";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

/** The window so many pixels wide, until the test is over. */
function wide(pixels: number): void {
  const original = window.matchMedia.bind(window);
  vi.spyOn(window, "matchMedia").mockImplementation((query) => {
    const most = /max-width: ([\d.]+)px/.exec(query)?.[1];
    if (most === undefined) return original(query);
    const list = Object.assign(new EventTarget(), { matches: pixels <= Number(most) });
    return list as unknown as MediaQueryList;
  });
}

async function open(pixels = 1280) {
  wide(pixels);
  const session = new Session(new FakeBackend({ count: 60 }));
  render(App, { props: { session } });
  await settle();
  return session;
}

const sidebar = (): HTMLElement | null => screen.queryByRole("navigation", { name: "Library" });
const inspector = (): HTMLElement | null => screen.queryByTestId("inspector");
const box = (): HTMLElement => screen.getByTestId("search-box");
const toggle = (): HTMLElement => screen.getByTestId("sidebar-toggle");

async function press(keys: string): Promise<void> {
  await userEvent.keyboard(keys);
  await settle();
}

beforeEach(() => {
  localStorage.clear();
  speech.choice = "system";
});

describe("the columns of a wide window", () => {
  it("open and close by their buttons and keys, and that is remembered", async () => {
    const session = await open();
    expect(document.activeElement).toBe(box());
    expect([sidebar() !== null, inspector() !== null]).toEqual([true, false]);
    await userEvent.click(toggle());
    await settle();
    expect(sidebar()).toBeNull();
    expect(session.layout.sidebar.open).toBe(false);
    await press("{Control>}b{/Control}");
    expect(sidebar()).not.toBeNull();
    await userEvent.click(screen.getByTestId("inspector-toggle"));
    await settle();
    expect(inspector()).not.toBeNull();
    expect(localStorage.getItem("afterimage.inspector.open")).toBe("yes");
    box().blur();
    await press("i");
    expect(inspector()).toBeNull();
  });

  it("are drawn by their edges, and leave the photos in reach", async () => {
    await open();
    const edge = screen.getByRole("separator", { name: "Width of the sidebar" });
    edge.focus();
    await press("{End}");
    expect(document.getElementById("sidebar")?.style.width).toBe("420px");
    expect(document.querySelector("main")?.hasAttribute("inert")).toBe(false);
    expect(screen.queryByRole("button", { name: "Close the sidebar" })).toBeNull();
  });
});

describe("a narrow window", () => {
  it("has the sidebar over the rest, with the focus in it, until Escape gives that back", async () => {
    const session = await open(800);
    expect(sidebar()).toBeNull();
    toggle().focus();
    await press("{Enter}");
    expect(sidebar()?.contains(document.activeElement)).toBe(true);
    expect(document.querySelector("main")?.hasAttribute("inert")).toBe(true);
    await press("{Escape}");
    expect(sidebar()).toBeNull();
    expect(document.activeElement).toBe(toggle());
    expect(document.querySelector("main")?.hasAttribute("inert")).toBe(false);
    // What is so in a wide window is another matter.
    expect(session.layout.sidebar.open).toBe(true);
  });

  it("closes it by a press beside it, and by what is chosen in it", async () => {
    const session = await open(800);
    await userEvent.click(toggle());
    await userEvent.click(screen.getByRole("button", { name: "Close the sidebar" }));
    await settle();
    expect(sidebar()).toBeNull();
    await userEvent.click(toggle());
    await settle();
    await userEvent.click(screen.getByTestId("map-entry"));
    await settle();
    expect([sidebar(), session.view]).toEqual([null, "map"]);
  });

  it("keeps the inspector beside the photos, until it is narrower still", async () => {
    await open(800);
    await userEvent.click(screen.getByTestId("inspector-toggle"));
    await settle();
    expect(inspector()).not.toBeNull();
    expect(screen.queryByRole("button", { name: "Close the inspector" })).toBeNull();
  });

  it("has the inspector over them then", async () => {
    const session = await open(700);
    await userEvent.click(screen.getByTestId("inspector-toggle"));
    await settle();
    expect(inspector()).not.toBeNull();
    await press("{Escape}");
    expect(inspector()).toBeNull();
    expect(session.layout.inspector.open).toBe(false);
  });
});

describe("the keys of the window", () => {
  it("lead to the box, and to the places", async () => {
    const session = await open();
    box().blur();
    await press("/");
    expect(document.activeElement).toBe(box());
    await press("{Control>}5{/Control}");
    expect(session.view).toBe("map");
    await press("{Control>}2{/Control}");
    expect([session.view, session.search.text]).toEqual(["photos", "is:favourite"]);
    await press("{Control>}1{/Control}");
    expect([session.view, session.search.text]).toEqual(["photos", ""]);
    await press("{Control>}k{/Control}");
    expect(document.activeElement).toBe(box());
  });

  it("are letters to whoever types", async () => {
    const session = await open();
    await userEvent.type(box(), "i/");
    await settle();
    expect(session.search.text).toBe("i/");
    expect(inspector()).toBeNull();
  });

  it("change the size of the photos, and take back what was done", async () => {
    const session = await open();
    box().blur();
    await press("{Control>}+{/Control}");
    expect(session.layout.rowHeight).toBe(224);
    await press("{Control>}--{/Control}");
    expect(session.layout.rowHeight).toBe(176);
    await session.actions.favourite([1, 2], true);
    const undone = vi.spyOn(session.backend, "setFavourite");
    await press("{Control>}z{/Control}");
    expect(undone).toHaveBeenCalledExactlyOnceWith([1, 2], false);
  });

  it("belong to a question that is open", async () => {
    const session = await open();
    session.actions.trash([1]);
    await settle();
    await press("{Control>}5{/Control}");
    expect(session.view).toBe("photos");
  });
});

describe("the search box of the window", () => {
  it("brings the photos to view by what is done in it, and the tools beside it do not", async () => {
    const session = await open();
    session.view = "map";
    await settle();
    await fireEvent.input(screen.getByTestId("thumbnail-size"), { target: { value: "240" } });
    await settle();
    expect([session.view, session.layout.rowHeight]).toEqual(["map", 240]);
    await userEvent.type(box(), "d");
    expect(session.view).toBe("photos");
  });
});

describe("the page", () => {
  it("says which language it is in", async () => {
    await open();
    expect(document.documentElement.lang).toBe("en");
    speech.choice = "de";
    await settle();
    expect(document.documentElement.lang).toBe("de");
    expect(box().getAttribute("aria-label")).toBe("Deine Fotos durchsuchen");
  });

  it("proposes an English question in another language only as what it is", async () => {
    const session = await open();
    const example = (): string | null => box().getAttribute("placeholder");
    expect(example()).toMatch(/^Try “/);
    speech.choice = "de";
    await settle();
    expect(example()).toMatch(/^Auf Englisch, zum Beispiel „/);
    const all = session.models.all ?? [];
    session.models.all = all.map((model) => ({ ...model, serving: model.id === SIGLIP }));
    await settle();
    expect(example()).toMatch(/^Zum Beispiel „/);
  });

  it("says what goes wrong in the background in that language, too", async () => {
    speech.choice = "de";
    const failure = { code: "failed", message: verbatim("disk is gone") } as const;
    vi.spyOn(FakeBackend.prototype, "subscribe").mockRejectedValueOnce(failure);
    const session = await open();
    expect(session.notices.all.map(({ text }) => text)).toEqual([
      "Änderungen werden erst gezeigt, wenn du Afterimage neu startest. Disk is gone.",
    ]);
    await session.start();
    (session.backend as FakeBackend).emit((events) => events.engineFailed(failure));
    expect(session.notices.all.at(-1)?.text).toBe(
      "Im Hintergrund ist etwas schiefgegangen. Disk is gone.",
    );
  });

  it("wears the theme that is chosen", async () => {
    const session = await open();
    session.layout.theme = "light";
    await settle();
    expect(document.documentElement.dataset.theme).toBe("light");
    session.layout.theme = "dark";
    await settle();
    expect(document.documentElement.dataset.theme).toBe("dark");
  });
});
