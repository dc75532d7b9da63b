import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { justify, middle, nearestInRow, rowAt, rowOf, type Layout } from "./justify";

const options = fc.record({
  width: fc.integer({ min: 200, max: 4000 }),
  rowHeight: fc.integer({ min: 96, max: 360 }),
  gap: fc.integer({ min: 0, max: 12 }),
});
const shapes = fc.array(
  fc.oneof(fc.double({ min: 0.05, max: 20, noNaN: true }), fc.constantFrom(0, NaN, Infinity, -1)),
  { maxLength: 200 },
);

const rowsOf = (layout: Layout): number[][] =>
  Array.from({ length: layout.rows }, (_, row) => {
    const from = layout.rowStart[row] ?? 0;
    const to = layout.rowStart[row + 1] ?? 0;
    return Array.from({ length: to - from }, (_, i) => from + i);
  });

const at = (array: ArrayLike<number>, index: number): number => array[index] ?? NaN;

describe("justified rows", () => {
  it("hold every photo once, in order, inside the width, exactly a gap apart", () => {
    fc.assert(
      fc.property(shapes, options, (aspects, size) => {
        const layout = justify(
          Float32Array.from(aspects),
          aspects.length,
          [{ start: 0, head: 0 }],
          size,
        );
        const rows = rowsOf(layout);
        expect(rows.flat()).toEqual(aspects.map((_, i) => i));
        rows.forEach((row, r) => {
          expect(row.length).toBeGreaterThan(0);
          row.forEach((photo, i) => {
            const before = row[i - 1];
            const left =
              before === undefined
                ? 0
                : at(layout.left, before) + at(layout.width, before) + size.gap;
            expect(at(layout.left, photo)).toBe(left);
            expect(at(layout.width, photo)).toBeGreaterThan(0);
          });
          const last = row.at(-1) ?? 0;
          const right = at(layout.left, last) + at(layout.width, last);
          if (r < rows.length - 1) expect(right).toBe(size.width);
          else expect(right).toBeLessThanOrEqual(size.width);
        });
      }),
    );
  });

  it("stack exactly a gap apart, and the height is theirs", () => {
    fc.assert(
      fc.property(shapes, options, (aspects, size) => {
        const layout = justify(
          Float32Array.from(aspects),
          aspects.length,
          [{ start: 0, head: 0 }],
          size,
        );
        let top = 0;
        for (let row = 0; row < layout.rows; row++) {
          expect(at(layout.rowTop, row)).toBe(top);
          top += at(layout.rowHeight, row) + size.gap;
        }
        expect(layout.height).toBe(layout.rows === 0 ? 0 : top - size.gap);
      }),
    );
  });

  it("stay near the height asked for with ordinary photos", () => {
    const ordinary = fc.array(fc.constantFrom(1.5, 1.333, 0.75, 0.667, 1, 1.778), {
      minLength: 20,
      maxLength: 200,
    });
    fc.assert(
      fc.property(ordinary, (aspects) => {
        const size = { width: 1030, rowHeight: 200, gap: 6 };
        const layout = justify(
          Float32Array.from(aspects),
          aspects.length,
          [{ start: 0, head: 0 }],
          size,
        );
        for (let row = 0; row < layout.rows; row++) {
          expect(at(layout.rowHeight, row)).toBeGreaterThan(200 / 1.5);
          expect(at(layout.rowHeight, row)).toBeLessThan(200 * 1.5);
        }
      }),
    );
  });

  it("do not stretch a last row that is not full", () => {
    const layout = justify(Float32Array.of(1.5), 1, [{ start: 0, head: 0 }], {
      width: 1000,
      rowHeight: 200,
      gap: 6,
    });
    expect(at(layout.rowHeight, 0)).toBe(200);
    expect(at(layout.width, 0)).toBe(300);
  });

  it("begin anew with each section, under its head", () => {
    const layout = justify(
      Float32Array.from({ length: 6 }, () => 1),
      6,
      [
        { start: 0, head: 0 },
        { start: 2, head: 50 },
      ],
      { width: 1000, rowHeight: 200, gap: 6 },
    );
    expect([...layout.rowStart]).toEqual([0, 2, 6]);
    expect(layout.headTop).toEqual([0, 206]);
    expect([...layout.rowTop]).toEqual([0, 256]);
    expect(layout.height).toBe(456);
  });

  it("keep room for the head of a section that is folded away", () => {
    const layout = justify(
      Float32Array.from({ length: 6 }, () => 1),
      2,
      [
        { start: 0, head: 0 },
        { start: 2, head: 50 },
      ],
      { width: 1000, rowHeight: 200, gap: 6 },
    );
    expect(layout.rows).toBe(1);
    expect(layout.headTop).toEqual([0, 206]);
    expect(layout.height).toBe(256);
  });

  it("are found by position and by photo", () => {
    fc.assert(
      fc.property(shapes, options, (aspects, size) => {
        fc.pre(aspects.length > 0);
        const layout = justify(
          Float32Array.from(aspects),
          aspects.length,
          [{ start: 0, head: 0 }],
          size,
        );
        rowsOf(layout).forEach((row, r) => {
          const top = at(layout.rowTop, r);
          expect(rowAt(layout, top)).toBe(r);
          expect(rowAt(layout, top + at(layout.rowHeight, r) - 1)).toBe(r);
          for (const photo of row) {
            expect(rowOf(layout, photo)).toBe(r);
            expect(nearestInRow(layout, r, middle(layout, photo))).toBe(photo);
          }
        });
        expect(rowAt(layout, -100)).toBe(0);
        expect(rowAt(layout, layout.height + 100)).toBe(layout.rows - 1);
      }),
    );
  });

  it("lay out a hundred thousand photos fast enough for a window that is being resized", () => {
    const aspects = Float32Array.from({ length: 100_000 }, (_, i) => 0.6 + ((i * 37) % 100) / 80);
    const size = { width: 1030, rowHeight: 200, gap: 6 };
    const times = Array.from({ length: 7 }, () => {
      const begun = performance.now();
      const layout = justify(aspects, aspects.length, [{ start: 0, head: 0 }], size);
      expect(layout.rows).toBeGreaterThan(15_000);
      return performance.now() - begun;
    });
    // A few milliseconds by itself; the bound leaves room for a busy machine.
    expect(Math.min(...times)).toBeLessThan(40);
  });
});
