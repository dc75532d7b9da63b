import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

async function open(count = 20) {
  const backend = new FakeBackend({ count });
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  return { backend, session };
}

const PNG = {
  items: [{ kind: "file", getAsFile: () => new File(["x"], "", { type: "image/png" }) }],
};
const box = (): HTMLElement => screen.getByTestId("search-box");

/** Pastes as a browser does, with text and a picture or without. */
async function paste(target: Element, text: string, picture = true): Promise<boolean> {
  const clipboardData = { types: ["any"], items: picture ? PNG.items : [], getData: () => text };
  const event = Object.assign(new Event("paste", { bubbles: true, cancelable: true }), {
    clipboardData,
  });
  target.dispatchEvent(event);
  await new Promise((done) => setTimeout(done));
  await settle();
  return event.defaultPrevented;
}

describe("a picture that is pasted", () => {
  it("is what photos are compared with, wherever the focus is", async () => {
    const { backend, session } = await open();
    const keep = vi.spyOn(backend, "keepPicture").mockResolvedValue(5);
    expect(await paste(screen.getByRole("listbox"), "")).toBe(true);
    expect(session.search.examples).toEqual([{ kind: "pasted", picture: 5, crop: null }]);
    await paste(box(), "");
    expect(keep).toHaveBeenCalledTimes(2);
  });

  it("gives way to text in the box, and to whatever is in another field", async () => {
    const { backend, session } = await open();
    const keep = vi.spyOn(backend, "keepPicture");
    expect(await paste(box(), "a dog")).toBe(false);
    session.search.type("a cat");
    await settle();
    await userEvent.click(screen.getByTestId("save-search"));
    expect(await paste(screen.getByTestId("search-name"), "")).toBe(false);
    expect(keep).not.toHaveBeenCalled();
  });

  it("brings photos to view, from the duplicates and from a photo seen large", async () => {
    const { backend, session } = await open();
    vi.spyOn(backend, "keepPicture").mockResolvedValue(5);
    session.view = "duplicates";
    await settle();
    await paste(document.body, "");
    expect(session.view).toBe("photos");
    session.viewer.open(3);
    await settle();
    await paste(document.body, "");
    expect(session.viewer.id).toBeNull();
  });

  it("does nothing to a question that is open, nor where there is no picture", async () => {
    const { backend } = await open();
    const keep = vi.spyOn(backend, "keepPicture");
    expect(await paste(document.body, "words", false)).toBe(false);
    screen.getByTestId("folder").focus();
    await userEvent.keyboard("{Delete}");
    expect(screen.getByRole("dialog")).toBeTruthy();
    expect(await paste(document.body, "")).toBe(false);
    expect(keep).not.toHaveBeenCalled();
  });

  it("is asked for by WebKit before, where there is no field", async () => {
    await open();
    const asked = (target: Element): boolean => {
      const event = new Event("beforepaste", { bubbles: true, cancelable: true });
      target.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(asked(screen.getByRole("listbox"))).toBe(true);
    expect(asked(box())).toBe(false);
  });
});

describe("what is dropped", () => {
  it("is a picture to compare with, or a folder to add", async () => {
    const { backend, session } = await open();
    const add = vi.spyOn(backend, "addRoot");
    session.view = "duplicates";
    backend.emit((events) => events.dragging(true));
    await settle();
    const overlay = screen.getByTestId("drop-overlay").textContent ?? "";
    expect(overlay).toContain("pictures to find photos like them");
    expect(overlay).toContain("a folder to add it");
    backend.emit((events) => {
      events.dropped(["/x/a.jpg", "/x/Holidays", "/x/b.heic"]);
      events.dragging(false);
    });
    await settle();
    expect(add).toHaveBeenCalledExactlyOnceWith("/x/Holidays");
    expect(session.search.examples).toEqual([
      { kind: "file", path: "/x/a.jpg", crop: null },
      { kind: "file", path: "/x/b.heic", crop: null },
    ]);
    expect(session.view).toBe("photos");
  });

  it("is taken over a photo that is seen large, which says so and gives way", async () => {
    const { backend, session } = await open();
    session.viewer.open(3);
    await settle();
    backend.emit((events) => events.dragging(true));
    await settle();
    expect(within(screen.getByTestId("viewer")).getByTestId("drop-overlay")).toBeTruthy();
    backend.emit((events) => {
      events.dropped(["/x/a.jpg"]);
      events.dragging(false);
    });
    await settle();
    expect(screen.queryByTestId("viewer")).toBeNull();
    expect(session.search.examples).toHaveLength(1);
  });

  it("is only ever a folder as long as there is none to search", async () => {
    const { backend, session } = await open(0);
    const add = vi.spyOn(backend, "addRoot");
    backend.emit((events) => events.dragging(true));
    await settle();
    expect(screen.getByTestId("drop-overlay").textContent).not.toContain("pictures");
    backend.emit((events) => events.dropped(["/x/a.jpg"]));
    await settle();
    expect(add).toHaveBeenCalledExactlyOnceWith("/x/a.jpg");
    expect(session.search.examples).toEqual([]);
  });
});

describe("a part of a photo", () => {
  // Windows are 1000 by 700 here; photo 1 has its own shape.
  async function crop() {
    const opened = await open();
    await userEvent.dblClick(screen.getAllByTestId("tile")[0] as HTMLElement);
    await settle();
    await userEvent.keyboard("e");
    await settle();
    return opened;
  }
  const canvas = (): HTMLElement => screen.getByTestId("crop");
  const search = (): HTMLButtonElement => screen.getByTestId("crop-search");

  it("is drawn, and photos like it are found", async () => {
    const { session } = await crop();
    expect(document.activeElement).toBe(canvas());
    expect(search().disabled).toBe(true);
    expect(screen.queryByTestId("viewer-name")).toBeNull();
    canvas().setPointerCapture = vi.fn();
    await fireEvent.pointerDown(canvas(), { button: 0, clientX: 450, clientY: 300 });
    await fireEvent.pointerMove(canvas(), { clientX: 550, clientY: 400 });
    await fireEvent.pointerUp(canvas(), { clientX: 550, clientY: 400 });
    await settle();
    const region = screen.getByTestId("crop-region");
    expect(parseFloat(region.style.left)).toBeCloseTo(450);
    expect(parseFloat(region.style.width)).toBeCloseTo(100);
    await userEvent.click(search());
    await settle();
    expect(screen.queryByTestId("viewer")).toBeNull();
    const [example] = session.search.examples;
    expect(example).toMatchObject({ kind: "photo", photo: 1 });
    // The middle of the window is the middle of the photo.
    const part = example?.crop;
    expect((part?.left ?? 0) + (part?.width ?? 0) / 2).toBeCloseTo(0.5);
    expect((part?.top ?? 0) + (part?.height ?? 0) / 2).toBeCloseTo(0.5);
  });

  it("is found by keys alone, which leave the photo where it is", async () => {
    const { session } = await crop();
    await userEvent.keyboard("{Enter}");
    expect(session.viewer.id).toBe(1);
    await userEvent.keyboard("{ArrowRight}{ArrowRight}{Shift>}{ArrowDown}{/Shift}");
    await settle();
    expect(session.viewer.id).toBe(1);
    expect(screen.getByTestId("crop-region")).toBeTruthy();
    expect(screen.getByText(/% wide and .*% high, .* from the left/)).toBeTruthy();
    await userEvent.keyboard("{Enter}");
    await settle();
    const part = session.search.examples[0]?.crop;
    expect(part?.width).toBeCloseTo(0.5);
    expect(part?.left).toBeGreaterThan(0.25);
    expect(part?.height).toBeGreaterThan(0.5);
  });

  it("takes the place of what was asked before", async () => {
    const { session } = await open();
    session.search.type("a dog");
    session.search.submit();
    await settle();
    session.viewer.open(3);
    await settle();
    await userEvent.click(screen.getByTestId("choose-region"));
    await settle();
    await userEvent.keyboard("{ArrowRight}{Enter}");
    await settle();
    expect(session.search.text).toBe("");
    expect(session.search.examples).toHaveLength(1);
  });

  it.each(["{Escape}", "Cancel"])("is left by %s, back to the photo", async (way) => {
    const { session } = await crop();
    if (way === "Cancel") await userEvent.click(screen.getByTestId("crop-leave"));
    else await userEvent.keyboard(way);
    await settle();
    expect(screen.queryByTestId("crop")).toBeNull();
    expect(screen.getByTestId("viewer-name")).toBeTruthy();
    expect(session.viewer.id).toBe(1);
    expect(document.activeElement).toBe(screen.getByTestId("viewer"));
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByTestId("viewer")).toBeNull();
  });

  it("cannot be chosen of a photo that cannot be seen", async () => {
    await open();
    await userEvent.dblClick(screen.getAllByTestId("tile")[0] as HTMLElement);
    await settle();
    screen.getByTestId("viewer-photo").dispatchEvent(new Event("error"));
    await settle();
    expect((screen.getByTestId("choose-region") as HTMLButtonElement).disabled).toBe(true);
    await userEvent.keyboard("e");
    await settle();
    expect(screen.queryByTestId("crop")).toBeNull();
  });
});
