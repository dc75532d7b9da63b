import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { monthAt, monthsOf, ticksOf } from "./dates";
import { squares } from "./squares";

const at = (date: string): number => Date.parse(`${date}T12:00:00Z`) / 1000;
/** One square above the other, 106 pixels apart. */
const column = (count: number) =>
  squares(count, [{ start: 0, head: 0 }], { width: 100, rowHeight: 100, gap: 6 });

describe("the months of photos in the order of dates", () => {
  const times = Float64Array.of(
    at("2026-05-03"),
    at("2026-05-03"),
    at("2026-05-01"),
    at("2026-04-30"),
    at("2025-04-30"),
  );

  it("begin where their first photo stands, and so do years", () => {
    const months = monthsOf(times, column(5));
    expect(months.map(({ index, top, year }) => [index, top, year])).toEqual([
      [0, 0, true],
      [3, 318, false],
      [4, 424, true],
    ]);
    expect(monthAt(months, 317)?.time).toBe(at("2026-05-03"));
    expect(monthAt(months, 318)?.time).toBe(at("2026-04-30"));
    expect(monthAt([], 3)).toBeNull();
  });

  it("begin with their date, where they have one of their own", () => {
    const sections = [0, 3, 4].map((start) => ({ start, head: 40 }));
    const layout = squares(5, sections, { width: 100, rowHeight: 100, gap: 6 });
    expect(monthsOf(times, layout).map(({ top }) => top)).toEqual([0, 358, 504]);
  });

  it("are of the photos on view alone", () => {
    expect(monthsOf(times, column(2))).toHaveLength(1);
  });

  it("have marks in proportion, none in the way of another", () => {
    const days = fc.array(fc.integer({ min: 0, max: 9000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(days, fc.integer({ min: 100, max: 2000 }), (some, track) => {
        const sorted = Float64Array.from(some.sort((a, b) => b - a).map((day) => day * 86_400));
        const layout = column(sorted.length);
        const months = monthsOf(sorted, layout);
        const ticks = ticksOf(months, layout.height, track);
        // The first of all always has one.
        expect(ticks[0]?.y).toBe(0);
        ticks.forEach((tick, i) => {
          const month = months.find(({ time }) => time === tick.time);
          expect(tick.y).toBe(Math.round(((month?.top ?? NaN) / layout.height) * track));
          const next = ticks[i + 1];
          if (next) expect(next.y - tick.y).toBeGreaterThanOrEqual(tick.year ? 16 : 6);
        });
        const years = ticks.filter(({ year }) => year);
        years.forEach(({ y }, i) => {
          if (i > 0) expect(y - (years[i - 1]?.y ?? NaN)).toBeGreaterThanOrEqual(24);
        });
      }),
    );
  });
});
