import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { groupsBetween, layOut } from "./layout";

const METRICS = { width: 100, height: 150, gap: 10, head: 40, after: 20 };

describe("the layout of groups", () => {
  it("gives a group as many lines as its photos need", () => {
    const { columns, tops } = layOut([2, 3, 7], 320, METRICS);
    expect(columns).toBe(3);
    expect([...tops]).toEqual([0, 210, 420, 40 + 3 * 150 + 2 * 10 + 20 + 420]);
  });

  it("has one column in the narrowest window", () => {
    expect(layOut([2], 60, METRICS).columns).toBe(1);
    expect([...layOut([], 60, METRICS).tops]).toEqual([0]);
  });

  it("finds the groups that reach into a part of it", () => {
    const layout = layOut([2, 2, 2, 2], 320, METRICS);
    expect(groupsBetween(layout, -100, 0)).toEqual([0, 0]);
    expect(groupsBetween(layout, 0, 1)).toEqual([0, 1]);
    expect(groupsBetween(layout, 209, 211)).toEqual([0, 2]);
    expect(groupsBetween(layout, 210, 420)).toEqual([1, 2]);
    expect(groupsBetween(layout, 0, 5000)).toEqual([0, 4]);
  });

  it("leaves out none that is seen, and makes few of very many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 30 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 50, max: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sizes, width, share) => {
          const layout = layOut(sizes, width, METRICS);
          const from = share * (layout.tops.at(-1) ?? 0);
          const [first, end] = groupsBetween(layout, from, from + 700);
          sizes.forEach((_, i) => {
            const [top, bottom] = [layout.tops[i] ?? 0, layout.tops[i + 1] ?? 0];
            if (bottom > from && top < from + 700) {
              expect(i).toBeGreaterThanOrEqual(first);
              expect(i).toBeLessThan(end);
            }
          });
          expect(end - first).toBeLessThanOrEqual(2 + Math.ceil(700 / 210));
        },
      ),
    );
  });
});
