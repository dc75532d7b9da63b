import { beforeEach, describe, expect, it, vi } from "vitest";

import { Awake, FADE_MS } from "./awake.svelte";

beforeEach(() => void vi.useFakeTimers());

describe("the controls over a photo", () => {
  it("go when nothing was done for a while, and come back with anything", () => {
    const awake = new Awake(() => false);
    awake.wake();
    vi.advanceTimersByTime(FADE_MS - 1);
    expect(awake.on).toBe(true);
    vi.advanceTimersByTime(1);
    expect(awake.on).toBe(false);
    awake.wake();
    expect(awake.on).toBe(true);
  });

  it("stay while they are used, and go a while after", () => {
    let used = true;
    const awake = new Awake(() => used);
    awake.wake();
    vi.advanceTimersByTime(FADE_MS * 5);
    expect(awake.on).toBe(true);
    used = false;
    vi.advanceTimersByTime(FADE_MS);
    expect(awake.on).toBe(false);
  });

  it("do not come back for a pointer that has not moved", () => {
    const awake = new Awake(() => false);
    awake.pointer(10, 10);
    vi.advanceTimersByTime(FADE_MS);
    awake.pointer(10, 10);
    expect(awake.on).toBe(false);
    awake.pointer(11, 10);
    expect(awake.on).toBe(true);
  });

  it("do nothing any more once the viewer is gone", () => {
    const awake = new Awake(() => false);
    awake.wake();
    awake.stop();
    vi.advanceTimersByTime(FADE_MS * 2);
    expect(awake.on).toBe(true);
  });
});
