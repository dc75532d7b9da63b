/**
 * Where groups of photos lie in a list that scrolls, so that only those near the window are made.
 * Every photo takes the same room, so that a group's height follows from how many it has.
 */

/** Pixels, as the tokens give them. */
export interface GroupMetrics {
  /** Width and height of a photo with its words. */
  width: number;
  height: number;
  gap: number;
  /** Height of a group's own line, and the room after a group. */
  head: number;
  after: number;
}

export interface GroupLayout {
  columns: number;
  /** Upper edge of each group, and at the end the height of all. */
  tops: Float64Array;
}

/** `sizes` are the numbers of photos, group by group. */
export function layOut(
  sizes: readonly number[],
  width: number,
  metrics: GroupMetrics,
): GroupLayout {
  const columns = Math.max(1, Math.floor((width + metrics.gap) / (metrics.width + metrics.gap)));
  const tops = new Float64Array(sizes.length + 1);
  sizes.forEach((size, i) => {
    const lines = Math.ceil(size / columns);
    const photos = lines * metrics.height + (lines - 1) * metrics.gap;
    tops[i + 1] = (tops[i] ?? 0) + metrics.head + photos + metrics.after;
  });
  return { columns, tops };
}

/** The groups that reach into the part between `from` and `to`: the first, and after the last. */
export function groupsBetween(
  { tops }: GroupLayout,
  from: number,
  to: number,
): [first: number, end: number] {
  const count = tops.length - 1;
  return [Math.max(0, firstAfter(tops, from) - 1), Math.min(count, firstAtOrAfter(tops, to))];
}

function firstAfter(tops: Float64Array, at: number): number {
  return search(tops, (top) => top > at);
}

function firstAtOrAfter(tops: Float64Array, at: number): number {
  return search(tops, (top) => top >= at);
}

/** The first place for which `holds`, which holds for all after it. */
function search(tops: Float64Array, holds: (top: number) => boolean): number {
  let [low, high] = [0, tops.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(tops[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}
