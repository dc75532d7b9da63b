/**
 * A frame that is drawn around photos to choose them. It is held in the coordinates of the page,
 * so that it keeps its corner while the page scrolls under it.
 */
import { rowAt, type Layout } from "./justify";

export interface Point {
  x: number;
  y: number;
}

export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Less is a click. */
const SLACK_PX = 4;
/** So near to an edge of the window the page begins to scroll. */
const EDGE_PX = 32;
/** Pixels a frame for each pixel beyond that. */
const SCROLL_SHARE = 0.5;
const FASTEST_PX = 60;

/** The photos, by index, that a frame touches. */
export function framed(layout: Layout, { left, top, width, height }: Frame): number[] {
  const found: number[] = [];
  if (layout.rows === 0) return found;
  for (let row = rowAt(layout, top); row <= rowAt(layout, top + height); row++) {
    const rowTop = layout.rowTop[row] ?? 0;
    if (rowTop + (layout.rowHeight[row] ?? 0) <= top || rowTop >= top + height) continue;
    const end = layout.rowStart[row + 1] ?? layout.count;
    for (let i = layout.rowStart[row] ?? end; i < end; i++) {
      const x = layout.left[i] ?? 0;
      if (x < left + width && x + (layout.width[i] ?? 0) > left) found.push(i);
    }
  }
  return found;
}

/** How far to scroll in this frame where the pointer is at `y` of a window `height` high. */
export function edgeScroll(y: number, height: number): number {
  const over = y < EDGE_PX ? y - EDGE_PX : y > height - EDGE_PX ? y - height + EDGE_PX : 0;
  const by = over * SCROLL_SHARE;
  return Math.max(-FASTEST_PX, Math.min(FASTEST_PX, by));
}

export class Band {
  /** Null while none is drawn. */
  frame = $state.raw<Frame | null>(null);

  #from: Point | null = null;

  /** The pointer went down here. */
  begin(from: Point): void {
    this.#from = from;
    this.frame = null;
  }

  /** The pointer is here now. */
  reach(to: Point): void {
    const from = this.#from;
    if (from === null) return;
    const frame = {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      width: Math.abs(to.x - from.x),
      height: Math.abs(to.y - from.y),
    };
    if (this.frame === null && Math.max(frame.width, frame.height) < SLACK_PX) return;
    this.frame = frame;
  }

  /** The pointer is up again: whether a frame was drawn. */
  end(): boolean {
    const drawn = this.frame !== null;
    this.#from = null;
    this.frame = null;
    return drawn;
  }
}
