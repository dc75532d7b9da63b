/**
 * Justified rows: photos side by side at their own shape, each row as wide as the grid and about
 * as high as asked. Pure numbers in and out, one array a column, so that a hundred thousand photos
 * are laid out in a few milliseconds and a row is found by binary search.
 *
 * All positions are whole pixels: tiles meet at exactly the gap, and a position far down the page
 * stays exact in the single-precision numbers that browsers place boxes with.
 */

/** A run of photos that begins a row of its own, under a head of the given height. */
export interface Section {
  /** Index of the first photo. */
  start: number;
  /** Space above its first row, in pixels; 0 for none. */
  head: number;
}

export interface LayoutOptions {
  width: number;
  /** The height that rows are near to. */
  rowHeight: number;
  gap: number;
}

export interface Layout {
  count: number;
  rows: number;
  /** First photo of each row, and `count` after the last: `rows + 1` numbers. */
  rowStart: Uint32Array;
  rowTop: Uint32Array;
  rowHeight: Uint16Array;
  /** Left edge and width of each photo. */
  left: Uint16Array;
  width: Uint16Array;
  /** Top of each section's head, in the order of the sections. */
  headTop: number[];
  /** Height of the whole. */
  height: number;
}

/** Shapes beyond these are cropped, so that a panorama is no thread and a long screenshot no wall. */
const NARROWEST = 0.4;
const WIDEST = 6;

/** Lays out the first `count` photos. Sections come in order, the first starting at 0. */
export function justify(
  aspects: Float32Array,
  count: number,
  sections: readonly Section[],
  { width, rowHeight: target, gap }: LayoutOptions,
): Layout {
  const rowStart: number[] = [];
  const rowTop: number[] = [];
  const rowHeight: number[] = [];
  const left = new Uint16Array(count);
  const widths = new Uint16Array(count);
  const headTop: number[] = [];
  const gridWidth = Math.max(1, Math.floor(width));
  let top = 0;

  const shape = (index: number): number => {
    const aspect = aspects[index] ?? 1;
    // Also catches NaN, which is neither.
    if (!(aspect > NARROWEST)) return NARROWEST;
    return aspect < WIDEST ? aspect : WIDEST;
  };

  const closeRow = (from: number, to: number, sum: number, last: boolean): void => {
    const gaps = (to - from - 1) * gap;
    const filling = (gridWidth - gaps) / sum;
    // A row that is not full keeps the height asked for and ends where its photos end.
    const full = !last || filling <= target;
    const exact = full ? filling : target;
    const height = Math.max(1, Math.round(exact));
    let passed = 0;
    for (let i = from; i < to; i++) {
      // Both edges are rounded from the exact sum, so that rounding never adds up along the row.
      const x = Math.round(passed * exact) + (i - from) * gap;
      passed += shape(i);
      const edge = Math.round(passed * exact) + (i - from) * gap;
      left[i] = x;
      widths[i] = Math.max(1, (full && i === to - 1 ? gridWidth : edge) - x);
    }
    rowStart.push(from);
    rowTop.push(top);
    rowHeight.push(height);
    top += height + gap;
  };

  for (let s = 0; s < sections.length; s++) {
    const section = sections[s];
    if (!section) continue;
    headTop.push(top);
    top += section.head;
    const end = Math.min(count, sections[s + 1]?.start ?? count);
    let from = section.start;
    let sum = 0;
    for (let i = from; i < end; i++) {
      const next = sum + shape(i);
      const height = (gridWidth - (i - from) * gap) / next;
      if (height > target) {
        sum = next;
        continue;
      }
      // The row is full with this photo. Without it the row may be nearer to the height asked for.
      const without = i > from ? (gridWidth - (i - from - 1) * gap) / sum : Infinity;
      if (without / target < target / height) {
        closeRow(from, i, sum, false);
        from = i;
        sum = shape(i);
        // A photo that fills a row alone.
        if (gridWidth / sum <= target) {
          closeRow(i, i + 1, sum, false);
          from = i + 1;
          sum = 0;
        }
      } else {
        closeRow(from, i + 1, next, false);
        from = i + 1;
        sum = 0;
      }
    }
    if (from < end) closeRow(from, end, sum, true);
  }

  const rows = rowStart.length;
  const lastHeadIsBottom = (sections.at(-1)?.start ?? 0) >= count;
  return {
    count,
    rows,
    rowStart: Uint32Array.from([...rowStart, count]),
    rowTop: Uint32Array.from(rowTop),
    rowHeight: Uint16Array.from(rowHeight),
    left,
    width: widths,
    headTop,
    height: Math.max(0, rows > 0 && !lastHeadIsBottom ? top - gap : top),
  };
}

/** The last row whose top is at or above `y`; 0 when there is none. */
export function rowAt(layout: Layout, y: number): number {
  return lastAtMost(layout.rowTop, layout.rows, y);
}

/** The row that holds the photo at `index`. */
export function rowOf(layout: Layout, index: number): number {
  return lastAtMost(layout.rowStart, layout.rows, index);
}

/** The section whose head is the last at or above `y`; 0 when there is none. */
export function sectionAt(layout: Layout, y: number): number {
  return lastAtMost(layout.headTop, layout.headTop.length, y);
}

/** The photo of `row` whose middle is nearest to `x`. */
export function nearestInRow(layout: Layout, row: number, x: number): number {
  const from = layout.rowStart[row] ?? 0;
  const to = layout.rowStart[row + 1] ?? from;
  let best = from;
  let distance = Infinity;
  for (let i = from; i < to; i++) {
    const away = Math.abs(middle(layout, i) - x);
    if (away < distance) {
      best = i;
      distance = away;
    }
  }
  return best;
}

/** The horizontal middle of the photo at `index`. */
export function middle(layout: Layout, index: number): number {
  return (layout.left[index] ?? 0) + (layout.width[index] ?? 0) / 2;
}

function lastAtMost(sorted: ArrayLike<number>, length: number, value: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if ((sorted[mid] ?? 0) <= value) low = mid;
    else high = mid - 1;
  }
  return low;
}
