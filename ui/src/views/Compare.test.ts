import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import Overlays from "./Overlays.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await tick();
}

async function compare(photos: number[], options: FakeOptions = { count: 20 }) {
  const backend = new FakeBackend(options);
  const session = new Session(backend);
  await session.start();
  await settle();
  render(Overlays, { props: { session, onleave: vi.fn() } });
  session.actions.compare(photos);
  await settle();
  return { backend, session };
}
const panes = (): HTMLElement[] => screen.getAllByTestId("compared");
const pane = (at: number): HTMLElement => panes()[at] as HTMLElement;
const active = (): number =>
  panes().findIndex((one) => one.getAttribute("aria-current") === "true");
const scale = (at: number): number => {
  const photo = within(pane(at)).getByTestId("viewer-photo").parentElement;
  return Number(/scale\((.*)\)/.exec(photo?.style.transform ?? "")?.[1]);
};

async function press(keys: string): Promise<void> {
  await userEvent.keyboard(keys);
  await settle();
}

async function wheel(at: number, altKey = false): Promise<void> {
  const stage = within(pane(at)).getByTestId("viewer-photo").parentElement?.parentElement;
  const event = new WheelEvent("wheel", { deltaY: -Math.log(2) / 0.002, bubbles: true });
  for (const [name, value] of Object.entries({ altKey, clientX: 500, clientY: 350 })) {
    Object.defineProperty(event, name, { value });
  }
  stage?.dispatchEvent(event);
  await settle();
}

afterEach(() => localStorage.clear());

describe("comparing photos", () => {
  it("shows up to four side by side, each by its name", async () => {
    await compare([1, 2, 3, 4, 5]);
    expect(panes().map((one) => one.getAttribute("aria-label"))).toEqual([
      "IMG_0001.jpg",
      "IMG_0002.jpg",
      "IMG_0003.jpg",
      "IMG_0004.jpg",
    ]);
    expect(screen.getByRole("heading", { name: "4 photos side by side" })).toBeTruthy();
  });

  it("zooms them together, unless Alt is held or they are parted", async () => {
    await compare([1, 2]);
    await wheel(0);
    expect(scale(0)).toBeCloseTo(2);
    expect(scale(1)).toBeCloseTo(2);
    await wheel(1, true);
    expect(scale(0)).toBeCloseTo(2);
    expect(scale(1)).toBeCloseTo(4);
    await userEvent.click(screen.getByTestId("compare-linked"));
    expect(screen.getByTestId("compare-linked").getAttribute("aria-pressed")).toBe("false");
    await wheel(0);
    expect(scale(0)).toBeCloseTo(4);
    expect(scale(1)).toBeCloseTo(4);
  });

  it("has one for which the keys are, chosen by arrows, Tab or a press", async () => {
    const { backend } = await compare([1, 2, 3]);
    expect(active()).toBe(0);
    await press("{ArrowRight}{ArrowRight}{ArrowRight}");
    expect(active()).toBe(2);
    expect(document.activeElement).toBe(pane(2));
    await press("4f");
    expect(await backend.photo(3)).toMatchObject({ rating: 4, favourite: true });
    await fireEvent.pointerDown(within(pane(1)).getByTestId("compared-name"));
    await settle();
    expect(active()).toBe(1);
    await press("x");
    expect((await backend.photo(2)).rating).toBe(-1);
    expect(within(pane(1)).getByTestId("viewer-rejected")).toBeTruthy();
    within(pane(0)).getByTestId("compare-drop").focus();
    await settle();
    expect(active()).toBe(0);
  });

  it("keeps one by rejecting the others, in one step that can be taken back", async () => {
    const { backend } = await compare([1, 2, 4]);
    await userEvent.click(within(pane(1)).getByTestId("compare-keep"));
    await settle();
    expect(screen.getAllByTestId("viewer-rejected")).toHaveLength(2);
    expect((await backend.photo(2)).rating).not.toBe(-1);
    await press("{Control>}z{/Control}");
    expect(screen.queryAllByTestId("viewer-rejected")).toHaveLength(0);
  });

  it("lets photos go one by one, and ends when there is nothing to compare", async () => {
    const { session } = await compare([1, 2, 3]);
    await userEvent.click(within(pane(0)).getByTestId("compare-drop"));
    await settle();
    expect(session.actions.comparing).toEqual([2, 3]);
    expect(active()).toBe(0);
    await userEvent.click(within(pane(1)).getByTestId("compare-drop"));
    await settle();
    expect(session.actions.comparing).toBeNull();
    expect(screen.queryByTestId("compare")).toBeNull();
  });

  it("gives way to photos like the one that the keys are for", async () => {
    const { session } = await compare([1, 2]);
    await press("{ArrowRight}s");
    expect(screen.queryByTestId("compare")).toBeNull();
    expect(session.search.examples).toMatchObject([{ kind: "photo", photo: 2 }]);
  });

  it("is left by Escape", async () => {
    const { session } = await compare([1, 2]);
    await press("{Escape}");
    expect(session.actions.comparing).toBeNull();
  });

  it("says of each photo that cannot be seen why that is so", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "photo")
      .mockRejectedValue({ code: "notFound", message: "photo 1 is not in the library" });
    await compare([1, 2]);
    expect(failing).toHaveBeenCalled();
    expect(pane(0).textContent).toContain("Photo 1 is not in the library.");
    failing.mockRestore();
  });
});
