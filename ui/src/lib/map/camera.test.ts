import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { onView, panned, showing, toMap, toScreen, WHOLE, zoomed } from "./camera";

const SCREEN = { width: 1000, height: 700 };
const unit = fc.double({ min: 0, max: 1, noNaN: true });

describe("the camera over the map", () => {
  it("shows all of it at first, with room around", () => {
    const bounds = onView(WHOLE, SCREEN);
    expect(bounds.top).toBeLessThan(0);
    expect(bounds.bottom).toBeGreaterThan(1);
    expect(toScreen(WHOLE, SCREEN, { x: 0.5, y: 0.5 })).toEqual({ x: 500, y: 350 });
  });

  it("finds the place of a point of the screen, and back", () => {
    fc.assert(
      fc.property(unit, unit, fc.double({ min: 1, max: 200, noNaN: true }), (x, y, zoom) => {
        const camera = { x: 0.3, y: 0.6, zoom };
        const back = toMap(camera, SCREEN, toScreen(camera, SCREEN, { x, y }));
        expect(back.x).toBeCloseTo(x, 9);
        expect(back.y).toBeCloseTo(y, 9);
      }),
    );
  });

  it("zooms to the pointer: what is under it stays there", () => {
    const at = { x: 400, y: 300 };
    const under = toMap(WHOLE, SCREEN, at);
    const near = zoomed(WHOLE, SCREEN, 4, at);
    expect(near.zoom).toBe(4);
    expect(toScreen(near, SCREEN, under).x).toBeCloseTo(at.x, 6);
    expect(toScreen(near, SCREEN, under).y).toBeCloseTo(at.y, 6);
  });

  it("goes no farther than the whole map, and no closer than one can see", () => {
    expect(zoomed(WHOLE, SCREEN, 0.1, { x: 0, y: 0 }).zoom).toBe(1);
    expect(zoomed(WHOLE, SCREEN, 1e9, { x: 500, y: 350 }).zoom).toBe(200);
  });

  it("follows the hand, and never leaves the map", () => {
    const near = zoomed(WHOLE, SCREEN, 4, { x: 500, y: 350 });
    const before = toScreen(near, SCREEN, { x: 0.5, y: 0.5 });
    const after = toScreen(panned(near, SCREEN, 30, -20), SCREEN, { x: 0.5, y: 0.5 });
    expect(after.x - before.x).toBeCloseTo(30, 6);
    expect(after.y - before.y).toBeCloseTo(-20, 6);
    expect(panned(near, SCREEN, 1e6, 0).x).toBe(0);
  });

  it("shows a part of the map whole", () => {
    const part = { left: 0.2, top: 0.3, right: 0.4, bottom: 0.35 };
    const bounds = onView(showing(part), SCREEN);
    expect(bounds.left).toBeLessThan(0.2);
    expect(bounds.right).toBeGreaterThan(0.4);
    expect(bounds.top).toBeLessThan(0.3);
    expect(bounds.bottom).toBeGreaterThan(0.35);
    expect(showing({ left: 0.5, top: 0.5, right: 0.5, bottom: 0.5 }).zoom).toBe(200);
  });
});
