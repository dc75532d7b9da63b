import { describe, expect, it } from "vitest";

import { Gestures } from "./gestures";
import { Zoom } from "./zoom.svelte";

function held(): { zoom: Zoom; gestures: Gestures } {
  const zoom = new Zoom();
  zoom.measure(1000, 800, 1);
  zoom.see({ width: 4000, height: 3200 }, true);
  return { zoom, gestures: new Gestures(zoom) };
}

describe("gestures on a photo", () => {
  it("move with one pointer what is larger than the window", () => {
    const { zoom, gestures } = held();
    gestures.press(1, { x: 0, y: 0 });
    expect(gestures.move(1, { x: 50, y: 20 })).toBe(false);
    zoom.by(3);
    expect(gestures.move(1, { x: 80, y: 10 })).toBe(true);
    expect([zoom.x, zoom.y]).toEqual([30, -10]);
    gestures.release(1);
    expect(gestures.held).toBe(false);
    expect(gestures.move(1, { x: 0, y: 0 })).toBe(false);
  });

  it("zoom with two, keeping in place what is between them", () => {
    const { zoom, gestures } = held();
    gestures.press(1, { x: 0, y: 0 });
    gestures.press(2, { x: 100, y: 0 });
    gestures.move(2, { x: 200, y: 0 });
    expect(zoom.scale).toBeCloseTo(2);
    // What was in the middle, at 50, is in the middle, at 100.
    expect(50 * zoom.scale + zoom.x).toBeCloseTo(100);
  });

  it("do not run away when two pointers meet", () => {
    const { zoom, gestures } = held();
    gestures.press(1, { x: 10, y: 10 });
    gestures.press(2, { x: 10, y: 10 });
    gestures.move(2, { x: 60, y: 10 });
    expect(zoom.scale).toBe(1);
    gestures.move(2, { x: 10, y: 10 });
    expect(Number.isFinite(zoom.scale)).toBe(true);
  });
});
