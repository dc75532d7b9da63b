/**
 * What is seen of photos while they are rushed past: the average colour of each. A row is one
 * element, whose background has a stretch of colour for each photo, so that a frame touches a
 * handful of elements whatever is in them.
 */
import { colorAt, type Listing } from "../backend/listing";
import { rowAt, type Layout } from "./justify";

/** The background of a row; `unknown` is the colour of photos that were not read yet. */
export function rowColors(listing: Listing, layout: Layout, row: number, unknown: string): string {
  const stops: string[] = [];
  const end = layout.rowStart[row + 1] ?? layout.count;
  for (let index = layout.rowStart[row] ?? end; index < end; index++) {
    const left = layout.left[index] ?? 0;
    const right = left + (layout.width[index] ?? 0);
    // A stop at 0 begins where the one before it ends.
    stops.push(
      `transparent 0 ${left}px`,
      `${hex(colorAt(listing, index)) ?? unknown} 0 ${right}px`,
    );
  }
  return `linear-gradient(90deg, ${stops.join(", ")}, transparent 0)`;
}

export class PassingRows {
  readonly #host: HTMLElement;
  readonly #unknown: string;
  readonly #rows: { element: HTMLElement; row: number }[] = [];
  #listing: Listing | null = null;
  #layout: Layout | null = null;

  /** The rows are put into `host`. */
  constructor(host: HTMLElement, unknown: string) {
    this.#host = host;
    this.#unknown = unknown;
  }

  /** Paints the rows of the window. */
  paint(listing: Listing, layout: Layout, scrollTop: number, height: number): void {
    if (layout.rows === 0) return;
    const first = rowAt(layout, scrollTop);
    const last = rowAt(layout, scrollTop + height);
    const known = listing === this.#listing && layout === this.#layout;
    this.#listing = listing;
    this.#layout = layout;
    while (this.#rows.length <= last - first) {
      const element = document.createElement("div");
      this.#host.append(element);
      this.#rows.push({ element, row: -1 });
    }
    for (let row = first; row <= last; row++) {
      const place = this.#rows[row % this.#rows.length];
      if (!place || (known && place.row === row)) continue;
      place.row = row;
      const { style } = place.element;
      style.top = `${layout.rowTop[row] ?? 0}px`;
      style.height = `${layout.rowHeight[row] ?? 0}px`;
      style.background = rowColors(listing, layout, row, this.#unknown);
    }
  }
}

/** `#0a0b0c` of 0x0a0b0c; null of none. */
export function hex(color: number | null): string | null {
  return color === null ? null : `#${color.toString(16).padStart(6, "0")}`;
}
