import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fit, Zoom } from "./zoom.svelte";

/** A photo of 4000 by 2000 in a window of 1000 by 800: four pixels of it to one of the screen. */
function opened(density = 1): Zoom {
  const zoom = new Zoom();
  zoom.measure(1000, 800, density);
  zoom.see({ width: 4000, height: 2000 }, true);
  return zoom;
}

describe("zooming", () => {
  it("fits a photo of any shape just inside the window", () => {
    expect(fit({ width: 4000, height: 2000 }, { width: 1000, height: 800 })).toEqual({
      width: 1000,
      height: 500,
    });
    expect(fit({ width: 100, height: 200 }, { width: 1000, height: 800 })).toEqual({
      width: 400,
      height: 800,
    });
  });

  it("goes to the photo's own pixels and back", () => {
    const zoom = opened();
    expect(zoom.magnification).toBe(0.25);
    zoom.toggle();
    expect(zoom.scale).toBe(4);
    expect(zoom.magnification).toBe(1);
    expect(zoom.whole).toBe(false);
    zoom.toggle({ x: 300, y: 20 });
    expect([zoom.scale, zoom.x, zoom.y]).toEqual([1, 0, 0]);
  });

  it("counts the pixels of the screen, of which there are more than of the page", () => {
    const zoom = opened(2);
    expect(zoom.magnification).toBe(0.5);
    zoom.toggle();
    expect(zoom.scale).toBe(2);
  });

  it("shows a photo smaller than the window at its own size when asked to", () => {
    const zoom = new Zoom();
    zoom.measure(1000, 800, 1);
    zoom.see({ width: 500, height: 250 }, true);
    zoom.toggle();
    expect(zoom.scale).toBe(0.5);
    zoom.by(0.1);
    expect(zoom.scale).toBe(0.5);
  });

  it("does not know how large a photo is shown whose pixels are not known", () => {
    const zoom = new Zoom();
    zoom.measure(1000, 800, 1);
    zoom.see({ width: 2, height: 1 }, false);
    expect(zoom.fitted).toEqual({ width: 1000, height: 500 });
    expect(zoom.magnification).toBeNull();
  });

  it("keeps the point under the pointer in place", () => {
    const zoom = opened();
    const at = { x: 200, y: 100 };
    zoom.by(3, at);
    // Where that point of the photo is now: its place at fit, scaled and moved.
    expect(at.x * zoom.scale + zoom.x).toBeCloseTo(at.x);
    expect(at.y * zoom.scale + zoom.y).toBeCloseTo(at.y);
  });

  it("fits anew what is turned by a quarter, and draws the picture as it was", () => {
    const zoom = opened();
    zoom.by(2);
    zoom.turns = 1;
    expect(zoom.whole).toBe(true);
    expect(zoom.fitted).toEqual({ width: 400, height: 800 });
    expect(zoom.drawn).toEqual({ width: 800, height: 400 });
    expect(zoom.actual).toBe(5);
    zoom.turns = 2;
    expect(zoom.drawn).toEqual({ width: 1000, height: 500 });
  });

  it("stays on the same part when the window is another, or the file has come", () => {
    const zoom = opened();
    zoom.by(4, { x: 100, y: 0 });
    const { place } = zoom;
    zoom.measure(500, 400, 1);
    expect(zoom.place.x).toBeCloseTo(place.x);
    zoom.see({ width: 4040, height: 2020 }, true);
    expect(zoom.place.x).toBeCloseTo(place.x);
    expect(zoom.scale).toBe(4);
  });

  it("never shows ground beside a photo that is larger than the window", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.array(
          fc.record({
            factor: fc.double({ min: 0.2, max: 5, noNaN: true }),
            x: fc.integer({ min: -500, max: 500 }),
            y: fc.integer({ min: -400, max: 400 }),
          }),
          { maxLength: 30 },
        ),
        (turns, moves) => {
          const zoom = opened();
          zoom.turns = turns;
          for (const { factor, x, y } of moves) {
            zoom.by(factor, { x, y });
            zoom.pan(x * 3, y * 3);
            expect(zoom.scale).toBeGreaterThanOrEqual(1);
            expect(zoom.scale).toBeLessThanOrEqual(zoom.actual * 4 + 1e-9);
            const overX = Math.max(0, (zoom.fitted.width * zoom.scale - 1000) / 2);
            const overY = Math.max(0, (zoom.fitted.height * zoom.scale - 800) / 2);
            expect(Math.abs(zoom.x)).toBeLessThanOrEqual(overX + 1e-6);
            expect(Math.abs(zoom.y)).toBeLessThanOrEqual(overY + 1e-6);
          }
        },
      ),
    );
  });
});
