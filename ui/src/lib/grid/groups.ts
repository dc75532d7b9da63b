/** Photos in the order of dates, grouped as finely as leaves rows and not single photos. */
import { day, monthOf, yearOf } from "../words/format";

export type Unit = "day" | "month" | "year";

export interface Groups {
  unit: Unit;
  /** Index of the first photo of each group, the first one 0. */
  starts: readonly number[];
}

/** So many photos of a group make it worth a row of its own. */
const WORTH_A_ROW = 4;
/** Looked at to choose the unit, which so stays as it is while more photos come. */
const PROBE = 500;
const DAY_S = 86_400;

/** `times` in seconds since 1970, in either order. */
export function groupsOf(times: Float64Array): Groups {
  const probe = times.subarray(0, PROBE);
  const fine = (["day", "month"] as const).find(
    (unit) => startsOf(probe, unit).length * WORTH_A_ROW <= probe.length,
  );
  const unit = fine ?? (times.length < WORTH_A_ROW ? "day" : "year");
  return { unit, starts: startsOf(times, unit) };
}

/** What a group is called, by the time of one of its photos. */
export function groupWords(unit: Unit, time: number): string {
  switch (unit) {
    case "day":
      return day(time);
    case "month":
      return monthOf(time);
    case "year":
      return yearOf(time);
  }
}

function startsOf(times: Float64Array, unit: Unit): number[] {
  const starts: number[] = [];
  let before = NaN;
  times.forEach((time, index) => {
    const key = keyOf(time, unit);
    if (key !== before) starts.push(index);
    before = key;
  });
  return starts;
}

function keyOf(time: number, unit: Unit): number {
  if (unit === "day") return Math.floor(time / DAY_S);
  const date = new Date(time * 1000);
  const year = date.getUTCFullYear();
  return unit === "month" ? year * 12 + date.getUTCMonth() : year;
}
