/**
 * What is seen of photos while they are rushed past: the average colour of each, painted in one
 * go. No element is made, moved or laid out for a photo that is gone in the next frame.
 */
import { colorAt, type Listing } from "../backend/listing";
import { rowAt, type Layout } from "./justify";

/** What of a layout is in the window, and where. Pixels. */
export interface Passing {
  listing: Listing;
  layout: Layout;
  scrollTop: number;
  /** Of the window onto the photos. */
  width: number;
  height: number;
  /** How far the photos stand from its left edge. */
  inset: number;
}

/** Paints the photos of the window; `unknown` is the colour of those that were not read yet. */
export function paintPassing(canvas: HTMLCanvasElement, passing: Passing, unknown: string): void {
  const { listing, layout, scrollTop, width, height, inset } = passing;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  for (let row = rowAt(layout, scrollTop); row < layout.rows; row++) {
    const y = (layout.rowTop[row] ?? 0) - scrollTop;
    if (y >= height) break;
    const end = layout.rowStart[row + 1] ?? layout.count;
    for (let index = layout.rowStart[row] ?? end; index < end; index++) {
      context.fillStyle = hex(colorAt(listing, index)) ?? unknown;
      context.fillRect(
        inset + (layout.left[index] ?? 0),
        y,
        layout.width[index] ?? 0,
        layout.rowHeight[row] ?? 0,
      );
    }
  }
}

/** `#0a0b0c` of 0x0a0b0c; null of none. */
export function hex(color: number | null): string | null {
  return color === null ? null : `#${color.toString(16).padStart(6, "0")}`;
}
