/** What fingers, a pen or a mouse do to a photo: one moves it, two zoom and move it. */
import type { Point, Zoom } from "./zoom.svelte";

export class Gestures {
  readonly #zoom: Zoom;
  /** Those that are down, in the order in which they came. */
  readonly #down = new Map<number, Point>();

  constructor(zoom: Zoom) {
    this.#zoom = zoom;
  }

  /** Whether something is held. */
  get held(): boolean {
    return this.#down.size > 0;
  }

  press(pointer: number, at: Point): void {
    this.#down.set(pointer, at);
  }

  /** A pointer has moved; false where it is not down, or there is nothing to move. */
  move(pointer: number, to: Point): boolean {
    const from = this.#down.get(pointer);
    if (from === undefined) return false;
    const [other] = [...this.#down].filter(([id]) => id !== pointer).map(([, at]) => at);
    this.#down.set(pointer, to);
    if (other === undefined) {
      if (this.#zoom.whole) return false;
      this.#zoom.pan(to.x - from.x, to.y - from.y);
      return true;
    }
    const before = middle(from, other);
    const after = middle(to, other);
    const spread = distance(from, other);
    if (spread > 0) this.#zoom.by(distance(to, other) / spread, before);
    this.#zoom.pan(after.x - before.x, after.y - before.y);
    return true;
  }

  release(pointer: number): void {
    this.#down.delete(pointer);
  }
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
