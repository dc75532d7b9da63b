import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fit, Zoom } from "./zoom.svelte";

const FRAME = { width: 1000, height: 800 };
const FITTED = { width: 1000, height: 500 };

describe("zooming", () => {
  it("fits a photo of any shape just inside the window", () => {
    expect(fit({ width: 4000, height: 2000 }, FRAME)).toEqual({ width: 1000, height: 500 });
    expect(fit({ width: 100, height: 200 }, FRAME)).toEqual({ width: 400, height: 800 });
  });

  it("goes to the photo's own pixels and back", () => {
    const zoom = new Zoom();
    zoom.toggle(4, { x: 0, y: 0 }, FITTED, FRAME);
    expect(zoom.scale).toBe(4);
    expect(zoom.fitted).toBe(false);
    zoom.toggle(4, { x: 300, y: 20 }, FITTED, FRAME);
    expect([zoom.scale, zoom.x, zoom.y]).toEqual([1, 0, 0]);
  });

  it("keeps the point under the pointer in place", () => {
    const zoom = new Zoom();
    const at = { x: 200, y: 100 };
    zoom.by(3, 4, at, FITTED, FRAME);
    // Where that point of the photo is now: its place at fit, scaled and moved.
    expect(at.x * zoom.scale + zoom.x).toBeCloseTo(at.x);
    expect(at.y * zoom.scale + zoom.y).toBeCloseTo(at.y);
  });

  it("never shows ground beside a photo that is larger than the window", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            factor: fc.double({ min: 0.2, max: 5, noNaN: true }),
            x: fc.integer({ min: -500, max: 500 }),
            y: fc.integer({ min: -400, max: 400 }),
          }),
          { maxLength: 30 },
        ),
        (moves) => {
          const zoom = new Zoom();
          for (const { factor, x, y } of moves) {
            zoom.by(factor, 4, { x, y }, FITTED, FRAME);
            zoom.pan(x * 3, y * 3, FITTED, FRAME);
            expect(zoom.scale).toBeGreaterThanOrEqual(1);
            expect(zoom.scale).toBeLessThanOrEqual(16);
            const overX = Math.max(0, (FITTED.width * zoom.scale - FRAME.width) / 2);
            const overY = Math.max(0, (FITTED.height * zoom.scale - FRAME.height) / 2);
            expect(Math.abs(zoom.x)).toBeLessThanOrEqual(overX + 1e-6);
            expect(Math.abs(zoom.y)).toBeLessThanOrEqual(overY + 1e-6);
          }
        },
      ),
    );
  });
});
