/** Where in a grid of photos in the order of dates each month begins. */
import { rowOf, sectionAt, type Layout } from "./justify";

/** The first photo of a month. */
export interface Month {
  index: number;
  /** Seconds since 1970. */
  time: number;
  /** Where it begins, with its date where it has one of its own. Pixels. */
  top: number;
  /** It is the first of its year, too. */
  year: boolean;
}

/** A mark beside the photos. */
export interface Tick {
  /** Pixels from the upper end. */
  y: number;
  time: number;
  /** Of a year; those are named. */
  year: boolean;
}

/** Pixels that marks keep apart, named ones, and others. */
const NAMED_APART = 24;
const APART = 6;
/** So far a name reaches below its mark. */
const NAME = 16;
const DAY_S = 86_400;

/** `times` in either order. */
export function monthsOf(times: Float64Array, layout: Layout): Month[] {
  const months: Month[] = [];
  let day = NaN;
  let month = NaN;
  let year = NaN;
  for (let index = 0; index < layout.count; index++) {
    const time = times[index] ?? 0;
    // Most photos are of the same day as the one before, which is told without a calendar.
    const thisDay = Math.floor(time / DAY_S);
    if (thisDay === day) continue;
    day = thisDay;
    const date = new Date(time * 1000);
    const thisYear = date.getUTCFullYear();
    const thisMonth = thisYear * 12 + date.getUTCMonth();
    if (thisMonth === month) continue;
    months.push({ index, time, top: topOf(layout, index), year: thisYear !== year });
    month = thisMonth;
    year = thisYear;
  }
  return months;
}

/** The months that have room on a track of so many pixels, years before others. */
export function ticksOf(months: readonly Month[], height: number, track: number): Tick[] {
  const at = ({ top, time, year }: Month): Tick => ({
    y: Math.round((top / Math.max(1, height)) * track),
    time,
    year,
  });
  const years = months.filter(({ year }) => year).map(at);
  const named = apart(years, NAMED_APART, []);
  const others = apart(months.filter(({ year }) => !year).map(at), APART, named);
  return [...named, ...others].sort((a, b) => a.y - b.y);
}

/** The month that is at `y` pixels from the top; null where there are no photos. */
export function monthAt(months: readonly Month[], y: number): Month | null {
  return months.findLast(({ top }) => top <= y) ?? months[0] ?? null;
}

/** The top of a photo's row, or of the head over that. */
function topOf(layout: Layout, index: number): number {
  const row = rowOf(layout, index);
  const top = layout.rowTop[row] ?? 0;
  const head = layout.headTop[sectionAt(layout, top)] ?? top;
  return row === 0 || (layout.rowTop[row - 1] ?? 0) < head ? head : top;
}

/** Those that are so far from one another, and clear of the names of `taken`. Both in order. */
function apart(ticks: readonly Tick[], least: number, taken: readonly Tick[]): Tick[] {
  const kept: Tick[] = [];
  let next = 0;
  for (const tick of ticks) {
    while ((taken[next]?.y ?? Infinity) <= tick.y) next++;
    const named = (taken[next - 1]?.y ?? -Infinity) + NAME;
    const before = (kept.at(-1)?.y ?? -Infinity) + least;
    const after = (taken[next]?.y ?? Infinity) - least;
    if (tick.y >= Math.max(before, named) && tick.y <= after) kept.push(tick);
  }
  return kept;
}
