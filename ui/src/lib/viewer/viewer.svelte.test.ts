import { describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { FakeBackend } from "../backend/fake";
import { Notices } from "../notices/notices.svelte";
import { Slideshow } from "./slideshow.svelte";
import { type Sequence, Viewer } from "./viewer.svelte";

interface Viewing {
  viewer: Viewer;
  backend: FakeBackend;
  /** Other photos answer now. */
  answer: (ids: number[], inAll?: number) => void;
}

function viewing(count = 5): Viewing {
  const backend = new FakeBackend({ count });
  const sequence = (ids: number[], inAll = ids.length): Sequence => ({
    ids: Uint32Array.from(ids),
    shown: ids.length,
    inAll,
    more: () => undefined,
  });
  let now = $state.raw(sequence(Array.from({ length: count }, (_, i) => i + 1)));
  const viewer = new Viewer(backend, new Notices(), () => now);
  return { viewer, backend, answer: (ids, inAll) => (now = sequence(ids, inAll)) };
}

describe("the photo that is seen large", () => {
  it.each([
    [1, 4],
    [-1, 2],
  ])("goes on by %d from its place when it is no longer among the photos", (by, to) => {
    const { viewer, answer } = viewing();
    viewer.open(3);
    expect(viewer.index).toBe(2);
    answer([1, 2, 4, 5]);
    expect(viewer.index).toBe(-1);
    viewer.step(by);
    expect(viewer.id).toBe(to);
  });

  it("remembers how each view was turned", () => {
    const { viewer } = viewing();
    viewer.turn(2, 1);
    viewer.turn(2, 1);
    viewer.turn(3, -1);
    expect([viewer.turns(1), viewer.turns(2), viewer.turns(3)]).toEqual([0, 2, 3]);
    viewer.open(2);
    viewer.close();
    expect(viewer.turns(2)).toBe(2);
    viewer.turn(2, 2);
    expect(viewer.turns(2)).toBe(0);
  });

  it("remembers what is shown beside it", () => {
    const { viewer } = viewing();
    expect([viewer.filmstrip, viewer.info]).toEqual([true, false]);
    viewer.filmstrip = false;
    viewer.info = true;
    const later = viewing().viewer;
    expect([later.filmstrip, later.info]).toEqual([false, true]);
    localStorage.clear();
  });

  it("takes a failure back when the photo can be read again", async () => {
    const { viewer, backend } = viewing();
    const failing = vi
      .spyOn(backend, "photo")
      .mockRejectedValue({ code: "failed", message: "busy" });
    viewer.open(1);
    await vi.waitFor(() => expect(viewer.failure?.message).toEqual(verbatim("busy")));
    failing.mockRestore();
    viewer.refresh();
    await vi.waitFor(() => expect(viewer.photo?.id).toBe(1));
    expect(viewer.failure).toBeNull();
  });
});

describe("a slideshow", () => {
  it("shows each photo as long as is wanted, from when it is seen", () => {
    vi.useFakeTimers();
    const { viewer } = viewing();
    const show = new Slideshow(viewer);
    show.start(1);
    vi.advanceTimersByTime(60_000);
    expect(viewer.id).toBe(1);
    show.seen();
    vi.advanceTimersByTime(3999);
    expect(viewer.id).toBe(1);
    vi.advanceTimersByTime(1);
    expect(viewer.id).toBe(2);
    expect(show.playing).toBe(true);
  });

  it("waits while it is paused, and when it is told to", () => {
    vi.useFakeTimers();
    const { viewer } = viewing();
    const show = new Slideshow(viewer);
    show.start(1);
    const keep = show.seen();
    keep();
    show.paused = true;
    show.seen();
    vi.advanceTimersByTime(60_000);
    expect(viewer.id).toBe(1);
  });

  it("ends after the last photo", () => {
    vi.useFakeTimers();
    const { viewer } = viewing();
    const show = new Slideshow(viewer);
    show.start(5);
    show.seen();
    vi.advanceTimersByTime(4000);
    expect(viewer.id).toBe(5);
    expect(show.playing).toBe(false);
  });

  it("waits at the end for photos that are still to come", () => {
    vi.useFakeTimers();
    const { viewer, answer } = viewing();
    answer([1, 2, 3, 4, 5], 9);
    const show = new Slideshow(viewer);
    show.start(5);
    show.seen();
    vi.advanceTimersByTime(60_000);
    expect(show.playing).toBe(true);
  });

  it("remembers its pace, and keeps it between 2 and 15 seconds", () => {
    const { viewer } = viewing();
    const show = new Slideshow(viewer);
    expect(show.seconds).toBe(4);
    show.seconds = 1;
    expect(show.seconds).toBe(2);
    show.seconds = 40;
    expect(new Slideshow(viewer).seconds).toBe(15);
    localStorage.clear();
  });
});
