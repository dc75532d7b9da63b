import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { groupsOf, groupWords } from "./groups";

const DAY = 86_400;
const at = (date: string): number => Date.parse(`${date}T12:00:00Z`) / 1000;
/** So many photos on each of the days. */
const taken = (days: readonly string[], each: number): Float64Array =>
  Float64Array.from(days.flatMap((date) => Array.from({ length: each }, (_, i) => at(date) - i)));

describe("photos in the order of dates", () => {
  it("are grouped by day where days have enough of them", () => {
    const groups = groupsOf(taken(["2026-05-03", "2026-05-02", "2026-04-01"], 6));
    expect(groups).toEqual({ unit: "day", starts: [0, 6, 12] });
    expect(groupWords("day", at("2026-05-03"))).toMatch(/Sun.*3.*2026|2026.*3/);
  });

  it("are grouped by month, or by year, where days have but one or two", () => {
    const many = Array.from({ length: 60 }, (_, i) => at("2026-06-30") - i * 3 * DAY);
    expect(groupsOf(Float64Array.from(many)).unit).toBe("month");
    const few = Array.from({ length: 60 }, (_, i) => at("2026-06-30") - i * 40 * DAY);
    const groups = groupsOf(Float64Array.from(few));
    expect(groups.unit).toBe("year");
    expect(groupWords("month", at("2026-05-03"))).toBe("May 2026");
    expect(groupWords("year", at("2026-05-03"))).toBe("2026");
  });

  it("keep their unit while more of them come", () => {
    const dense = taken(["2026-05-03", "2026-05-02"], 300);
    const sparse = Array.from({ length: 900 }, (_, i) => at("2020-01-01") - i * 40 * DAY);
    expect(groupsOf(dense).unit).toBe("day");
    expect(groupsOf(Float64Array.from([...dense, ...sparse])).unit).toBe("day");
  });

  it("begin a group wherever the unit changes, and nowhere else", () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 * DAY }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(times, (some) => {
        const sorted = Float64Array.from(some.sort((a, b) => b - a));
        const { unit, starts } = groupsOf(sorted);
        const words = [...sorted].map((time) => groupWords(unit, time));
        const changes = words.flatMap((one, i) => (i === 0 || one !== words[i - 1] ? [i] : []));
        expect(starts).toEqual(changes);
      }),
    );
  });

  it("have no group where there are none", () => {
    expect(groupsOf(new Float64Array()).starts).toEqual([]);
  });
});
