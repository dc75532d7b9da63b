import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { around } from "./filmstrip";

describe("the filmstrip", () => {
  it("draws what is seen around the current photo, and a little more", () => {
    expect(around(100, 1000, 640, 64)).toEqual({ from: 92, to: 109 });
  });

  it("draws nothing for a photo that is not among them", () => {
    expect(around(-1, 1000, 640, 64)).toEqual({ from: 0, to: 0 });
    expect(around(0, 0, 640, 64)).toEqual({ from: 0, to: 0 });
  });

  it("covers the window, stays within the row, and never grows with it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat(),
        fc.integer({ min: 1, max: 4000 }),
        (count, at, width) => {
          const current = at % count;
          const { from, to } = around(current, count, width, 64);
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(count);
          expect(from === 0 || (current - from) * 64 >= width / 2).toBe(true);
          expect(to === count || (to - current) * 64 >= width / 2).toBe(true);
          expect(to - from).toBeLessThanOrEqual(width / 64 + 10);
        },
      ),
    );
  });
});
