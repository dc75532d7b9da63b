import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { nearestInRow, rowOf } from "./justify";
import { squares } from "./squares";

const options = fc.record({
  width: fc.integer({ min: 100, max: 4000 }),
  rowHeight: fc.integer({ min: 96, max: 360 }),
  gap: fc.integer({ min: 0, max: 12 }),
});
const WHOLE = [{ start: 0, head: 0 }];
const at = (array: ArrayLike<number>, index: number): number => array[index] ?? NaN;

describe("squares", () => {
  it("hold every photo once, in order, exactly a gap apart and inside the width", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), options, (count, size) => {
        const layout = squares(count, WHOLE, size);
        expect([...layout.rowStart].at(-1)).toBe(count);
        for (let row = 0; row < layout.rows; row++) {
          const [from, to] = [at(layout.rowStart, row), at(layout.rowStart, row + 1)];
          expect(to).toBeGreaterThan(from);
          let left = 0;
          for (let i = from; i < to; i++) {
            expect(at(layout.left, i)).toBe(left);
            left += at(layout.width, i) + size.gap;
          }
          expect(left - size.gap).toBeLessThanOrEqual(size.width);
          // A full row ends where the grid does.
          if (row < layout.rows - 1) expect(left - size.gap).toBe(size.width);
          expect(at(layout.rowTop, row)).toBe(row * (at(layout.rowHeight, 0) + size.gap));
        }
      }),
    );
  });

  it("are as wide as high, to a pixel, and near the size asked for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), options, (count, size) => {
        const layout = squares(count, WHOLE, size);
        for (let i = 0; i < count; i++) {
          expect(Math.abs(at(layout.width, i) - at(layout.rowHeight, 0))).toBeLessThanOrEqual(1);
        }
        // Never so few columns that one more, and never so many that one less, would be nearer.
        if (size.width >= size.rowHeight * 3) {
          expect(at(layout.rowHeight, 0)).toBeGreaterThan(size.rowHeight / 1.5);
          expect(at(layout.rowHeight, 0)).toBeLessThan(size.rowHeight * 1.5);
        }
      }),
    );
  });

  it("begin anew with each section, under its head", () => {
    const sections = [
      { start: 0, head: 40 },
      { start: 2, head: 40 },
    ];
    const layout = squares(6, sections, { width: 612, rowHeight: 200, gap: 6 });
    expect([...layout.rowStart]).toEqual([0, 2, 5, 6]);
    expect([...layout.rowTop]).toEqual([40, 286, 486 + 6]);
    expect(layout.headTop).toEqual([0, 246]);
    expect(layout.height).toBe(692);
    expect(nearestInRow(layout, rowOf(layout, 2), 306)).toBe(3);
  });

  it("keep room for the head of a section that is folded away", () => {
    const sections = [
      { start: 0, head: 0 },
      { start: 3, head: 56 },
    ];
    const layout = squares(3, sections, { width: 612, rowHeight: 200, gap: 6 });
    expect(layout.rows).toBe(1);
    expect(layout.height).toBe(206 + 56);
  });
});
