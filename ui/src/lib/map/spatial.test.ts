import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chance } from "../backend/fakeListing";
import { type Place, SpatialGrid } from "./spatial";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const cloud = fc.array(fc.tuple(unit, unit), { maxLength: 300 });

function gridOf(points: readonly (readonly [number, number])[]) {
  const x = Float32Array.from(points, ([value]) => value);
  const y = Float32Array.from(points, ([, value]) => value);
  return { grid: new SpatialGrid(x, y), x, y };
}

describe("points in a grid", () => {
  it("are found near a place as by looking at all", () => {
    fc.assert(
      fc.property(cloud, unit, unit, unit, (points, px, py, within) => {
        const { grid, x, y } = gridOf(points);
        const away = (i: number): number => Math.hypot((x[i] ?? 0) - px, (y[i] ?? 0) - py);
        const found = grid.nearest({ x: px, y: py }, within);
        const least = Math.min(Infinity, ...points.map((_, i) => away(i)));
        if (found >= 0) expect(away(found)).toBeCloseTo(least, 9);
        else expect(least).toBeGreaterThanOrEqual(within - 1e-9);
      }),
    );
  });

  it("are found within bounds, each once", () => {
    fc.assert(
      fc.property(cloud, unit, unit, unit, unit, (points, a, b, c, d) => {
        const { grid, x, y } = gridOf(points);
        const bounds = {
          left: Math.min(a, b),
          right: Math.max(a, b),
          top: Math.min(c, d),
          bottom: Math.max(c, d),
        };
        const found: number[] = [];
        grid.each(bounds, (index) => found.push(index));
        const all = points.flatMap((_, i) => {
          const [px, py] = [x[i] ?? 0, y[i] ?? 0];
          const within =
            px >= bounds.left && px <= bounds.right && py >= bounds.top && py <= bounds.bottom;
          return within ? [i] : [];
        });
        expect(found.sort((one, other) => one - other)).toEqual(all);
      }),
    );
  });

  it("are found beyond the edges of the map, too", () => {
    const { grid } = gridOf([
      [0, 0],
      [1, 1],
    ]);
    expect(grid.nearest({ x: 1.05, y: 1.02 }, 0.1)).toBe(1);
    expect(grid.nearest({ x: -3, y: 0 }, 0.1)).toBe(-1);
  });

  it("do no harm where a place is no number", () => {
    const { grid } = gridOf([[NaN, 0.5]]);
    expect(grid.nearest({ x: 0.5, y: 0.5 }, 1)).toBe(-1);
  });

  it("may be none", () => {
    const { grid } = gridOf([]);
    expect(grid.nearest({ x: 0.5, y: 0.5 }, 1)).toBe(-1);
  });
});

describe("a line around points", () => {
  const { grid } = gridOf([
    [0.2, 0.2],
    [0.5, 0.5],
    [0.8, 0.8],
    [0.5, 0.2],
  ]);
  const corner = (x: number, y: number): Place => ({ x, y });

  it("closes itself", () => {
    expect(grid.within([corner(0.1, 0.1), corner(0.7, 0.1), corner(0.1, 0.7)])).toEqual([0, 3]);
  });

  it("may be hollow on one side", () => {
    const hollow = [
      corner(0.1, 0.1),
      corner(0.9, 0.1),
      corner(0.9, 0.9),
      corner(0.6, 0.9),
      corner(0.6, 0.3),
      corner(0.1, 0.3),
    ];
    expect(grid.within(hollow)).toEqual([0, 2, 3]);
  });

  it("holds nothing while it is no more than a stroke", () => {
    expect(grid.within([])).toEqual([]);
    expect(grid.within([corner(0, 0), corner(1, 1)])).toEqual([]);
  });
});

describe("a hundred thousand points", () => {
  it("are put in order and asked within a frame or two", () => {
    const count = 100_000;
    const x = Float32Array.from({ length: count }, (_, i) => chance(i, 1));
    const y = Float32Array.from({ length: count }, (_, i) => chance(i, 2));
    const grid = new SpatialGrid(x, y);
    let seen = 0;
    grid.each({ left: 0, top: 0, right: 1, bottom: 1 }, () => seen++);
    expect(seen).toBe(count);
    const begun = performance.now();
    for (let i = 0; i < 1000; i++) grid.nearest({ x: chance(i, 3), y: chance(i, 4) }, 0.01);
    // A thousand questions in what one may take; a machine at work elsewhere is slower.
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
