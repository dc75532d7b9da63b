/**
 * Points of the unit square in a grid of cells, so that those near a place, or within an outline,
 * are found without looking at all. The points of a cell lie together in one array.
 */

/** A part of the plane. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Place {
  x: number;
  y: number;
}

/** Points of a cell, on average. */
const CROWD = 8;
const MOST_CELLS = 512;

export class SpatialGrid {
  readonly #x: Float32Array;
  readonly #y: Float32Array;
  /** Cells along each side. */
  readonly #side: number;
  /** Where the points of each cell begin in `#points`, and the number of all at the end. */
  readonly #starts: Uint32Array;
  readonly #points: Uint32Array;

  constructor(x: Float32Array, y: Float32Array) {
    this.#x = x;
    this.#y = y;
    const count = x.length;
    this.#side = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(count / CROWD))));
    const cells = new Uint32Array(count);
    this.#starts = new Uint32Array(this.#side * this.#side + 1);
    for (let i = 0; i < count; i++) {
      const cell = this.#line(y[i] ?? 0) * this.#side + this.#line(x[i] ?? 0);
      cells[i] = cell;
      this.#starts[cell + 1] = (this.#starts[cell + 1] ?? 0) + 1;
    }
    for (let cell = 1; cell < this.#starts.length; cell++) {
      this.#starts[cell] = (this.#starts[cell] ?? 0) + (this.#starts[cell - 1] ?? 0);
    }
    const next = this.#starts.slice(0, -1);
    this.#points = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const at = next[cells[i] ?? 0] ?? 0;
      this.#points[at] = i;
      next[cells[i] ?? 0] = at + 1;
    }
  }

  /** Calls `visit` with each point within the bounds, edges included. */
  each(bounds: Bounds, visit: (index: number) => void): void {
    const [left, right] = [this.#line(bounds.left), this.#line(bounds.right)];
    const [top, bottom] = [this.#line(bounds.top), this.#line(bounds.bottom)];
    for (let row = top; row <= bottom; row++) {
      // The cells of a row lie one behind the other.
      const from = this.#starts[row * this.#side + left] ?? 0;
      const to = this.#starts[row * this.#side + right + 1] ?? 0;
      for (let at = from; at < to; at++) {
        const index = this.#points[at] ?? 0;
        const x = this.#x[index] ?? 0;
        const y = this.#y[index] ?? 0;
        // Asked so that a place that is no number lies nowhere.
        const across = x >= bounds.left && x <= bounds.right;
        if (across && y >= bounds.top && y <= bounds.bottom) visit(index);
      }
    }
  }

  /** The point nearest to a place, within a distance; -1 where there is none. */
  nearest({ x, y }: Place, within: number): number {
    let best = -1;
    let least = within * within;
    this.each(around({ x, y }, within), (index) => {
      const away = ((this.#x[index] ?? 0) - x) ** 2 + ((this.#y[index] ?? 0) - y) ** 2;
      if (away > least || (away === least && best >= 0)) return;
      least = away;
      best = index;
    });
    return best;
  }

  /** The points within an outline, which closes itself, in their own order. */
  within(outline: readonly Place[]): number[] {
    const found: number[] = [];
    if (outline.length < 3) return found;
    this.each(boundsOf(outline), (index) => {
      if (inside(outline, this.#x[index] ?? 0, this.#y[index] ?? 0)) found.push(index);
    });
    return found.sort((a, b) => a - b);
  }

  #line(value: number): number {
    const line = Math.floor(value * this.#side);
    // Also catches NaN, which is neither.
    if (!(line > 0)) return 0;
    return line < this.#side ? line : this.#side - 1;
  }
}

function around({ x, y }: Place, distance: number): Bounds {
  return { left: x - distance, top: y - distance, right: x + distance, bottom: y + distance };
}

function boundsOf(outline: readonly Place[]): Bounds {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of outline) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

/** Whether a ray from the point crosses the outline an odd number of times. */
function inside(outline: readonly Place[], x: number, y: number): boolean {
  let odd = false;
  let before = outline.at(-1);
  for (const corner of outline) {
    if (before && corner.y > y !== before.y > y) {
      const at = before.x + ((y - before.y) / (corner.y - before.y)) * (corner.x - before.x);
      if (x < at) odd = !odd;
    }
    before = corner;
  }
  return odd;
}
