import { fireEvent, render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../lib/backend/fake";
import { toScreen, WHOLE } from "../lib/map/camera";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

async function open(count = 500, prepare: (backend: FakeBackend) => void = () => undefined) {
  const backend = new FakeBackend({ count });
  prepare(backend);
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  await userEvent.click(screen.getByTestId("map-entry"));
  await settle();
  return { backend, session };
}

/** As every element is in these tests. */
const SCREEN = { width: 1000, height: 700 };
const map = (): HTMLElement => screen.getByTestId("map");

function placeOf(session: Session, index: number): { clientX: number; clientY: number } {
  const { camera, map: photos } = session.map;
  const place = { x: photos?.x[index] ?? 0, y: photos?.y[index] ?? 0 };
  const { x, y } = toScreen(camera, SCREEN, place);
  return { clientX: x, clientY: y };
}

async function drag(path: [number, number][], held: { shiftKey?: boolean } = {}): Promise<void> {
  const at = ([clientX, clientY]: [number, number]) => ({ clientX, clientY, button: 0, ...held });
  const [first = [0, 0], ...others] = path;
  await fireEvent.pointerDown(map(), at(first));
  for (const point of others) await fireEvent.pointerMove(map(), at(point));
  await fireEvent.pointerUp(map(), at(others.at(-1) ?? first));
  await settle();
}
const AROUND_ALL: [number, number][] = [
  [0, 0],
  [1000, 0],
  [1000, 700],
  [0, 700],
];

describe("the map", () => {
  it("moves by the hand and by arrows, and zooms by the wheel and by keys", async () => {
    const { session } = await open();
    await drag([
      [500, 350],
      [560, 350],
    ]);
    expect(session.map.camera.x).toBeLessThan(0.5);
    map().focus();
    await userEvent.keyboard("+");
    expect(session.map.camera.zoom).toBeCloseTo(1.5);
    await fireEvent.wheel(map(), { deltaY: -500, clientX: 500, clientY: 350 });
    expect(session.map.camera.zoom).toBeCloseTo(1.5 * Math.E);
    await userEvent.keyboard("{ArrowLeft}--");
    await userEvent.keyboard("0");
    expect(session.map.camera).toEqual(WHOLE);
  });

  it("shows what is pointed at, and opens it", async () => {
    const { session } = await open();
    await fireEvent.pointerMove(map(), placeOf(session, 41));
    await settle();
    expect(screen.getByTestId("map-hovered").querySelector("img")?.src).toBeTruthy();
    const at = { ...placeOf(session, 41), button: 0 };
    await fireEvent.pointerDown(map(), at);
    await fireEvent.pointerUp(map(), at);
    await settle();
    expect(screen.getByTestId("viewer")).toBeTruthy();
    const near = session.map.around(41);
    expect(near).toContain(session.viewer.id);
    expect(session.viewer.count).toBe(near.length);
  });

  it("opens nothing where there is nothing", async () => {
    const { session } = await open(1);
    const { clientX, clientY } = placeOf(session, 0);
    await fireEvent.pointerDown(map(), { clientX: clientX + 40, clientY, button: 0 });
    await fireEvent.pointerUp(map(), { clientX: clientX + 40, clientY, button: 0 });
    await settle();
    expect(session.viewer.id).toBeNull();
  });

  it("chooses what is drawn around, with Shift or after the button", async () => {
    const { session } = await open();
    await drag(AROUND_ALL, { shiftKey: true });
    expect(screen.getByTestId("chosen-bar").textContent).toContain("500 photos selected");
    map().focus();
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByTestId("chosen-bar")).toBeNull();
    await userEvent.click(screen.getByTestId("lasso"));
    await drag(AROUND_ALL);
    expect(session.map.chosen).toHaveLength(500);
    expect(screen.getByTestId("lasso").getAttribute("aria-pressed")).toBe("false");
    expect(session.map.camera).toEqual(WHOLE);
  });

  it("shows what was chosen as an answer, and the whole library again", async () => {
    const { session, backend } = await open();
    const search = vi.spyOn(backend, "search");
    session.map.showCluster(0);
    await settle();
    const ids = [...session.map.chosenIds];
    await userEvent.click(screen.getByTestId("show-chosen"));
    await settle();
    expect(search.mock.lastCall?.[0].only).toEqual(ids);
    expect([...(session.search.listing?.ids ?? [])].sort()).toEqual([...ids].sort());
    const chip = screen.getByTestId("chip");
    expect(chip.textContent).toContain(`${ids.length} photos of the map`);
    expect(screen.getByTestId<HTMLButtonElement>("save-search").disabled).toBe(true);
    await userEvent.click(chip.querySelector("button") as HTMLElement);
    await settle();
    expect(session.search.answered.kind).toBe("library");
  });

  it("keeps what was chosen as a search for the like, of many some", async () => {
    const { session, backend } = await open(500);
    await drag(AROUND_ALL, { shiftKey: true });
    await userEvent.click(screen.getByTestId("save-chosen"));
    await settle();
    const name = screen.getByLabelText("Name of this search");
    await userEvent.clear(name);
    await userEvent.type(name, "All kinds{Enter}");
    await settle();
    const [saved] = backend.saved.all();
    expect(saved?.name).toBe("All kinds");
    expect(saved?.like).toHaveLength(200);
    expect(new Set(saved?.like).size).toBe(200);
    expect(session.notices.all.at(-1)?.text).toBe("“All kinds” is kept among your saved searches.");
  });

  it("has its clusters in a list for the keyboard, the largest first", async () => {
    const { session } = await open();
    const counts = screen
      .getAllByTestId("cluster")
      .map((cluster) => Number(cluster.querySelector(".count")?.textContent));
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    screen.getAllByTestId("cluster")[0]?.focus();
    await userEvent.keyboard("{Enter}");
    await settle();
    expect(session.map.chosen).toHaveLength(counts[0] ?? -1);
    expect(session.map.camera.zoom).toBeGreaterThan(1);
  });

  it("says how far it is, and can be stopped", async () => {
    let fail: (error: unknown) => void = () => undefined;
    const { backend } = await open(40, (fake) => {
      vi.spyOn(fake, "photoMap").mockImplementation(
        () => new Promise((_, reject) => (fail = reject)),
      );
      vi.spyOn(fake, "cancelMap").mockImplementation(async () =>
        fail({ code: "cancelled", message: "cancelled" }),
      );
    });
    backend.emit((events) => events.mapProgress(0.42));
    expect(await screen.findByText(/^Laying out your photos: 42/)).toBeTruthy();
    await userEvent.click(screen.getByTestId("cancel-map"));
    await settle();
    expect(screen.getByText("No map yet")).toBeTruthy();
  });

  it("says why there is none, and can try again", async () => {
    await open(40, (fake) => {
      vi.spyOn(fake, "photoMap").mockRejectedValueOnce({ code: "failed", message: "no vectors" });
    });
    expect(screen.getByTestId("failed-state").textContent).toContain("No vectors.");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(map()).toBeTruthy();
  });

  it("is kept while the library changes, and made anew on request", async () => {
    const { backend } = await open();
    const make = vi.spyOn(backend, "photoMap");
    backend.emit((events) => events.libraryChanged());
    await settle();
    expect(make).not.toHaveBeenCalled();
    await userEvent.click(screen.getByTestId("make-map"));
    await settle();
    expect(make).toHaveBeenCalledOnce();
    expect(screen.queryByTestId("make-map")).toBeNull();
  });
});
