import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Band, edgeScroll, framed } from "./band.svelte";
import { justify } from "./justify";

const side = fc.integer({ min: 0, max: 1500 });

describe("a frame around photos", () => {
  it("holds exactly those that it touches", () => {
    const shapes = fc.array(fc.double({ min: 0.4, max: 3, noNaN: true }), { maxLength: 80 });
    const frames = fc.record({ left: side, top: side, width: side, height: side });
    fc.assert(
      fc.property(shapes, frames, (aspects, frame) => {
        fc.pre(frame.width > 0 && frame.height > 0);
        const layout = justify(
          Float32Array.from(aspects),
          aspects.length,
          [{ start: 0, head: 40 }],
          {
            width: 1000,
            rowHeight: 200,
            gap: 6,
          },
        );
        const touched: number[] = [];
        for (let row = 0; row < layout.rows; row++) {
          const top = layout.rowTop[row] ?? NaN;
          const bottom = top + (layout.rowHeight[row] ?? NaN);
          for (let i = layout.rowStart[row] ?? 0; i < (layout.rowStart[row + 1] ?? 0); i++) {
            const left = layout.left[i] ?? NaN;
            const right = left + (layout.width[i] ?? NaN);
            const beside = right <= frame.left || left >= frame.left + frame.width;
            const above = bottom <= frame.top || top >= frame.top + frame.height;
            if (!beside && !above) touched.push(i);
          }
        }
        expect(framed(layout, frame)).toEqual(touched);
      }),
    );
  });

  it("is the same whichever corner it was begun at, and none before it is worth it", () => {
    const band = new Band();
    band.begin({ x: 100, y: 100 });
    band.reach({ x: 102, y: 101 });
    expect(band.frame).toBeNull();
    expect(band.end()).toBe(false);
    band.begin({ x: 100, y: 100 });
    band.reach({ x: 40, y: 160 });
    expect(band.frame).toEqual({ left: 40, top: 100, width: 60, height: 60 });
    // Once drawn, it may become small again.
    band.reach({ x: 101, y: 100 });
    expect(band.frame).toEqual({ left: 100, top: 100, width: 1, height: 0 });
    expect(band.end()).toBe(true);
    expect(band.frame).toBeNull();
  });

  it("scrolls near the edges, faster farther out, and never without end", () => {
    expect(edgeScroll(300, 700)).toBe(0);
    expect(edgeScroll(20, 700)).toBeLessThan(0);
    expect(edgeScroll(-20, 700)).toBeLessThan(edgeScroll(20, 700));
    expect(edgeScroll(690, 700)).toBeGreaterThan(0);
    expect(edgeScroll(9000, 700)).toBe(60);
  });
});
