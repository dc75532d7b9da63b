import { fireEvent, render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { prefersReducedMotion } from "svelte/motion";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import Overlays from "./Overlays.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await tick();
}

async function view(photo: number, options: FakeOptions = { count: 20 }) {
  const backend = new FakeBackend(options);
  const session = new Session(backend);
  await session.start();
  await settle();
  render(Overlays, { props: { session, onleave: vi.fn() } });
  session.viewer.open(photo);
  await settle();
  return { backend, session, viewer: session.viewer };
}
const full = (): HTMLImageElement => screen.getByTestId("viewer-photo") as HTMLImageElement;
const transform = (): string => full().parentElement?.style.transform ?? "";
const button = (id: string): HTMLButtonElement => screen.getByTestId(id) as HTMLButtonElement;

/** The full file has come. */
async function load(width = 4000, height = 3000): Promise<void> {
  Object.defineProperty(full(), "naturalWidth", { value: width });
  Object.defineProperty(full(), "naturalHeight", { value: height });
  full().dispatchEvent(new Event("load"));
  await settle();
}

/** A wheel turned so far that the photo is twice as large. */
function turned(event: MouseEventInit): Event {
  const wheel = new WheelEvent("wheel", { deltaY: -Math.log(2) / 0.002, bubbles: true });
  for (const [name, value] of Object.entries(event)) Object.defineProperty(wheel, name, { value });
  return wheel;
}

async function press(keys: string): Promise<void> {
  await userEvent.keyboard(keys);
  await settle();
}

afterEach(() => localStorage.clear());

describe("steps through photos", () => {
  it("are told by their place, and the next pictures are fetched once this one is there", async () => {
    const asked: string[] = [];
    vi.spyOn(FakeBackend.prototype, "photoUrl").mockImplementation((id) => {
      asked.push(`p${id}`);
      return `/p${id}`;
    });
    await view(3);
    expect(screen.getByTestId("viewer-place").textContent?.trim()).toBe("3 of 20");
    asked.length = 0;
    await load();
    expect(asked).toEqual(["p4", "p2"]);
  });

  it("go by keys that lead on, and by the buttons at the sides", async () => {
    const { viewer } = await view(3);
    await press("{PageDown}");
    expect(viewer.id).toBe(4);
    await press("{ArrowUp}{ArrowUp}");
    expect(viewer.id).toBe(2);
    await press("{End}");
    expect(viewer.id).toBe(20);
    expect(screen.queryByRole("button", { name: "Next photo" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Previous photo" }));
    expect(viewer.id).toBe(19);
    await press("{Home}");
    expect(viewer.id).toBe(1);
    expect(screen.queryByRole("button", { name: "Previous photo" })).toBeNull();
  });

  it("move a photo that is larger than the window instead", async () => {
    const { viewer } = await view(3);
    await load();
    await press(" ");
    await press("{ArrowRight}");
    expect(viewer.id).toBe(3);
    expect(transform()).toContain("translate(-80px, 0px)");
    await press("{PageDown}");
    expect(viewer.id).toBe(4);
  });
});

describe("how a photo is seen", () => {
  it("is told in percent of its own pixels, and changed by the buttons and the keys", async () => {
    await view(3);
    await load(2000, 1000);
    expect(button("zoom-percent").textContent?.trim()).toBe("50\u00a0%");
    await userEvent.click(button("zoom-in"));
    expect(button("zoom-percent").textContent?.trim()).toBe("63\u00a0%");
    await userEvent.click(button("zoom-out"));
    await press("{Control>}+{/Control}");
    expect(button("zoom-percent").textContent?.trim()).toBe("63\u00a0%");
    await userEvent.click(button("zoom-percent"));
    expect(button("zoom-percent").textContent?.trim()).toBe("50\u00a0%");
    await userEvent.click(button("zoom-percent"));
    expect(button("zoom-percent").textContent?.trim()).toBe("100\u00a0%");
  });

  it("is zoomed by the wheel to where the pointer is", async () => {
    await view(3);
    await load(4000, 2800);
    const stage = full().parentElement?.parentElement as HTMLElement;
    // The middle of the window of 1000 by 700 is 200 pixels to the left of the pointer.
    stage.dispatchEvent(turned({ clientX: 700, clientY: 350 }));
    await settle();
    expect(/scale\((.*)\)/.exec(transform())?.[1]).toMatch(/^2(\.0000\d*)?$/);
    expect(parseFloat(/translate\((.*)px,/.exec(transform())?.[1] ?? "")).toBeCloseTo(-200);
  });

  it("is turned by a key, back by another, and stays so for each photo", async () => {
    const { viewer } = await view(3);
    await load(4000, 2000);
    await press("r");
    expect(transform()).toContain("rotate(90deg)");
    // The window is 1000 by 700: lying, the photo is as long as the window is high.
    expect(full().parentElement?.style.width).toBe("700px");
    await press("{ArrowRight}");
    expect(transform()).toContain("rotate(0deg)");
    await press("{ArrowLeft}");
    expect(transform()).toContain("rotate(90deg)");
    await press("{Shift>}R{/Shift}");
    expect(viewer.turns(3)).toBe(0);
  });

  it("is searched in by the part that the person sees, however the view is turned", async () => {
    const { session } = await view(3);
    await load(4000, 4000);
    const similar = vi.spyOn(session, "findSimilar").mockImplementation(() => undefined);
    await press("r");
    await press("e");
    const canvas = screen.getByTestId("crop");
    canvas.setPointerCapture = vi.fn();
    // A square of 700 in the middle of 1000 by 700: its left upper corner.
    await fireEvent.pointerDown(canvas, { button: 0, clientX: 150, clientY: 0 });
    await fireEvent.pointerMove(canvas, { clientX: 290, clientY: 70 });
    await fireEvent.pointerUp(canvas, { clientX: 290, clientY: 70 });
    await userEvent.click(screen.getByTestId("crop-search"));
    expect(similar.mock.calls[0]?.[0]).toBe(3);
    const part = similar.mock.calls[0]?.[2];
    expect(part?.left).toBeCloseTo(0);
    expect(part?.top).toBeCloseTo(0.8);
    expect(part?.width).toBeCloseTo(0.1);
    expect(part?.height).toBeCloseTo(0.2);
  });
});

describe("photos like the one that is seen", () => {
  it.each(["key", "button"])("are asked for by %s, and the viewer gives way", async (way) => {
    const { session } = await view(3);
    if (way === "key") await press("s");
    else await userEvent.click(button("find-similar"));
    await settle();
    expect(session.viewer.id).toBeNull();
    expect(session.search.examples).toMatchObject([{ kind: "photo", photo: 3, crop: null }]);
  });

  it("are wanted more or less only where photos are ranked", async () => {
    const { session } = await view(3);
    await press("+");
    expect(session.search.like).toEqual([]);
    session.search.type("a dog");
    session.search.submit();
    await settle();
    await press("+");
    expect(session.search.like).toEqual([session.viewer.id]);
  });
});

describe("the filmstrip of the viewer", () => {
  it("has the photos in their order, the current one chosen, and leads to others", async () => {
    const { viewer } = await view(10, { count: 500 });
    const films = (): HTMLElement[] => screen.getAllByTestId("film");
    const current = films().find((film) => film.getAttribute("aria-selected") === "true");
    expect(current?.getAttribute("aria-posinset")).toBe("10");
    expect(current?.style.transform).toBe("translateX(0px)");
    expect((current?.nextElementSibling as HTMLElement).style.transform).toBe("translateX(64px)");
    expect(screen.getByRole("listbox").getAttribute("aria-activedescendant")).toBe(current?.id);
    // 1000 pixels hold 16; the rest of the 500 is not drawn.
    expect(films().length).toBeLessThan(30);
    await userEvent.click(films().at(-1) as HTMLElement);
    await settle();
    expect(viewer.id).toBeGreaterThan(15);
    expect(films().some((film) => film.getAttribute("aria-posinset") === "1")).toBe(false);
  });

  it("goes and comes by its key", async () => {
    await view(3);
    await press("b");
    expect(screen.queryByTestId("filmstrip")).toBeNull();
    await press("b");
    expect(screen.getByTestId("filmstrip")).toBeTruthy();
  });

  it("is not there for a single photo", async () => {
    await view(1, { count: 1 });
    expect(screen.queryByTestId("filmstrip")).toBeNull();
  });

  it("goes on by its wheel", async () => {
    const { viewer } = await view(3);
    await fireEvent.wheel(screen.getByTestId("filmstrip"), { deltaY: 120 });
    expect(viewer.id).toBe(5);
  });
});

describe("what is said of a photo", () => {
  it("is said by keys, seen at once, and taken back", async () => {
    const { backend } = await view(4);
    await press("4");
    expect(screen.getByRole("radio", { name: "4 stars" }).getAttribute("aria-checked")).toBe(
      "true",
    );
    await press("f");
    expect(button("viewer-favourite").getAttribute("aria-pressed")).toBe("true");
    await press("x");
    expect(screen.getByTestId("viewer-rejected").textContent).toBe("Rejected");
    await press("{Control>}z{/Control}");
    expect(screen.queryByTestId("viewer-rejected")).toBeNull();
    expect((await backend.photo(4)).rating).toBe(4);
  });

  it("is said by the buttons as well", async () => {
    const { backend } = await view(4);
    await userEvent.click(button("viewer-favourite"));
    await userEvent.click(screen.getByRole("radio", { name: "2 stars" }));
    await settle();
    expect(await backend.photo(4)).toMatchObject({ favourite: true, rating: 2 });
    await userEvent.click(button("viewer-reject"));
    await settle();
    await userEvent.click(button("viewer-reject"));
    await settle();
    expect((await backend.photo(4)).rating).toBe(0);
  });

  it("follows what happens elsewhere", async () => {
    const { backend } = await view(4);
    await backend.setFavourite([4], true);
    await settle();
    expect(button("viewer-favourite").getAttribute("aria-pressed")).toBe("true");
  });

  it("cannot be said in a library that is open for reading only", async () => {
    await view(4, { count: 20, readOnly: "it is damaged" });
    expect(button("viewer-favourite").disabled).toBe(true);
    expect(button("viewer-reject").disabled).toBe(true);
  });

  it("has its place for tags, to which a key leads and in which keys are letters", async () => {
    const { viewer } = await view(4);
    await press("t");
    expect(document.activeElement?.tagName).toBe("INPUT");
    await press("{ArrowRight}");
    expect(viewer.id).toBe(4);
  });
});

describe("the information beside a photo", () => {
  it("takes the place of the caption, by key and by button, and is remembered", async () => {
    const { viewer } = await view(3);
    await press("i");
    expect(screen.getByRole("region", { name: "Information" })).toBeTruthy();
    expect(screen.queryByTestId("viewer-facts")).toBeNull();
    await userEvent.click(button("viewer-info"));
    await settle();
    expect(screen.queryByRole("region", { name: "Information" })).toBeNull();
    expect(screen.getByTestId("viewer-facts")).toBeTruthy();
    expect(viewer.info).toBe(false);
  });
});

describe("the controls of the viewer", () => {
  const gone = (): boolean => screen.getByTestId("viewer-controls").classList.contains("gone");

  it("go after two seconds, and come back with a key or a pointer", async () => {
    await view(3);
    vi.useFakeTimers();
    await fireEvent.pointerMove(screen.getByTestId("viewer"), { clientX: 5, clientY: 5 });
    expect(gone()).toBe(false);
    vi.advanceTimersByTime(2000);
    await settle();
    expect(gone()).toBe(true);
    await fireEvent.keyDown(screen.getByTestId("viewer"), { key: "Shift" });
    expect(gone()).toBe(false);
  });

  it("stay while one of them has the focus by keyboard, or a menu is open", async () => {
    const { session } = await view(3);
    await userEvent.tab();
    expect(document.activeElement?.closest('[data-testid="viewer-controls"]')).toBeTruthy();
    vi.useFakeTimers();
    await fireEvent.pointerMove(screen.getByTestId("viewer"), { clientX: 5, clientY: 5 });
    vi.advanceTimersByTime(10_000);
    await settle();
    expect(gone()).toBe(false);
    screen.getByTestId("viewer").focus();
    session.actions.menu = { photos: [3], photo: 3, x: 0, y: 0 };
    await settle();
    vi.advanceTimersByTime(10_000);
    await settle();
    expect(gone()).toBe(false);
    session.actions.menu = null;
    await settle();
    screen.getByTestId("viewer").focus();
    vi.advanceTimersByTime(2000);
    await settle();
    expect(gone()).toBe(true);
  });

  it("open a menu for this photo alone, whatever else is selected", async () => {
    const { session } = await view(3);
    session.selection.set([1, 2, 3]);
    await userEvent.click(button("viewer-menu"));
    expect(session.actions.menu).toMatchObject({ photos: [3], photo: 3 });
  });

  it("leave the keys to what lies over the viewer", async () => {
    const { session, viewer } = await view(3);
    session.actions.trash([3]);
    await settle();
    await press("{ArrowRight}f");
    expect(viewer.id).toBe(3);
    expect(button("viewer-favourite").getAttribute("aria-pressed")).toBe("false");
  });

  it("fill the screen where the system lets them, and stay as they are where not", async () => {
    await view(3);
    const room = button("full-screen").closest(".room") as HTMLElement;
    const request = vi
      .fn()
      .mockRejectedValueOnce(new Error("refused"))
      .mockResolvedValue(undefined);
    room.requestFullscreen = request;
    await press("{F11}");
    expect(button("full-screen").getAttribute("aria-label")).toBe("Full screen");
    await userEvent.click(button("full-screen"));
    expect(request).toHaveBeenCalledTimes(2);
    Object.defineProperty(document, "fullscreenElement", { value: room, configurable: true });
    document.dispatchEvent(new Event("fullscreenchange"));
    await settle();
    expect(button("full-screen").getAttribute("aria-label")).toBe("Leave full screen");
    Reflect.deleteProperty(document, "fullscreenElement");
    document.dispatchEvent(new Event("fullscreenchange"));
  });
});

describe("a slideshow in the viewer", () => {
  async function play() {
    const opened = await view(3);
    vi.useFakeTimers();
    await fireEvent.keyDown(screen.getByTestId("viewer"), { key: "F5" });
    await settle();
    return opened;
  }
  /** One photo goes and one comes. */
  let melted: MockInstance;
  beforeEach(() => {
    melted = vi
      .spyOn(Element.prototype, "animate")
      .mockImplementation(() => ({ cancel: () => undefined }) as unknown as Animation);
  });
  const key = async (name: string): Promise<void> => {
    await fireEvent.keyDown(screen.getByTestId("viewer"), { key: name });
    await settle();
  };

  it("goes on once a photo has been seen for its time, never before it has come", async () => {
    const { viewer } = await play();
    expect(screen.getByTestId("slideshow")).toBeTruthy();
    expect(screen.queryByTestId("filmstrip")).toBeNull();
    vi.advanceTimersByTime(30_000);
    expect(viewer.id).toBe(3);
    await load();
    vi.advanceTimersByTime(4000);
    expect(viewer.id).toBe(4);
  });

  it.each([
    [false, 2],
    [true, 0],
  ])(
    "melts from one photo to the next, or cuts where motion is reduced: %s",
    async (less, times) => {
      vi.spyOn(prefersReducedMotion, "current", "get").mockReturnValue(less);
      const { viewer } = await play();
      await load();
      vi.advanceTimersByTime(4000);
      await settle();
      expect(viewer.id).toBe(4);
      expect(melted).toHaveBeenCalledTimes(times);
    },
  );

  it("goes past a photo that cannot be shown", async () => {
    const { viewer } = await play();
    full().dispatchEvent(new Event("error"));
    await settle();
    vi.advanceTimersByTime(4000);
    expect(viewer.id).toBe(4);
  });

  it("is paused by Space, and goes on by it", async () => {
    const { viewer } = await play();
    await load();
    await key(" ");
    vi.advanceTimersByTime(30_000);
    expect(viewer.id).toBe(3);
    expect(transform()).toContain("scale(1)");
    await key(" ");
    vi.advanceTimersByTime(4000);
    expect(viewer.id).toBe(4);
  });

  it("goes at the pace that is chosen", async () => {
    const { viewer } = await play();
    await load();
    await fireEvent.input(screen.getByTestId("slideshow-seconds"), { target: { value: "10" } });
    await settle();
    vi.advanceTimersByTime(9000);
    expect(viewer.id).toBe(3);
    vi.advanceTimersByTime(1000);
    expect(viewer.id).toBe(4);
  });

  it.each(["ArrowRight", "f", "F5", "Escape"])("ends by %s", async (name) => {
    const { viewer } = await play();
    await load();
    await key(name);
    expect(viewer.playing).toBe(false);
    expect(viewer.id).not.toBeNull();
    expect(screen.getByTestId("viewer-place")).toBeTruthy();
  });
});

describe("a photo that cannot be seen", () => {
  it("keeps its preview, with what is wrong and what to do", async () => {
    await view(3);
    full().dispatchEvent(new Event("error"));
    await settle();
    const told = screen.getByRole("alert");
    expect(told.textContent).toContain("may be damaged");
    expect(told.textContent).toContain("/home/anna/Pictures/2024/");
    expect(screen.getByTestId("viewer-thumb")).toBeTruthy();
    expect(button("choose-region").disabled).toBe(true);
    await press("e");
    expect(screen.queryByTestId("crop")).toBeNull();
  });

  it("is a preview while its folder cannot be reached", async () => {
    const { session } = await view(1, { count: 20, state: "offline" });
    const { listing } = session.search;
    const away = (listing?.flags ?? new Uint8Array()).findIndex((flags) => (flags & 4) !== 0);
    session.viewer.open(listing?.ids[away] ?? 0);
    await settle();
    expect(screen.getByTestId("viewer-offline").textContent).toContain("Preview only");
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByTestId("viewer-thumb")).toBeTruthy();
  });

  it("is told to be gone, with a way on", async () => {
    const { backend, viewer } = await view(3);
    vi.spyOn(backend, "photo").mockRejectedValue({
      code: "notFound",
      message: "photo 3 is not in the library",
    });
    viewer.refresh();
    await settle();
    expect(screen.getByTestId("viewer-failure").textContent).toContain("no longer in the library");
  });
});
