/**
 * The part of a photo that is drawn to be looked for. It is kept in fractions of the upright photo,
 * so that it stays on what it was drawn around, however the photo is zoomed or moved. Pointers and
 * keys are measured in pixels of the window, through the place that the photo has there.
 */
import type { Crop } from "../backend/dto";
import type { Point, Rect, Size } from "./zoom.svelte";

/** A side of the region is never shorter than this on the screen, or than the photo is. */
export const LEAST_PX = 24;
/** How far a key moves or sizes the region. */
export const STEP_PX = 8;
/** A press this near to a corner takes hold of it. */
const CORNER_PX = 12;
/** A pointer that moves less has clicked, and drawn nothing. */
const CLICK_PX = 4;
/** What of the visible photo a region begins with that no pointer has drawn. */
const BEGIN_SHARE = 0.5;

/** What a pointer that is down does: span a region from a corner, or move the whole. */
type Gesture =
  | { kind: "draw"; anchor: Point; from: Point; before: Crop | null; moved: boolean }
  | { kind: "move"; from: Point; before: Crop };

/** Where a region lies in the window. */
export function inWindow(crop: Crop, photo: Rect): Rect {
  return {
    left: photo.left + crop.left * photo.width,
    top: photo.top + crop.top * photo.height,
    width: crop.width * photo.width,
    height: crop.height * photo.height,
  };
}

/** What a part of a view that is turned by `turns` quarters to the right is of the upright photo. */
export function upright(crop: Crop, turns: number): Crop {
  const { left, top, width, height } = crop;
  switch (turns) {
    case 1:
      return { left: top, top: 1 - left - width, width: height, height: width };
    case 2:
      return { left: 1 - left - width, top: 1 - top - height, width, height };
    case 3:
      return { left: 1 - top - height, top: left, width: height, height: width };
    default:
      return crop;
  }
}

export class Region {
  /** Null as long as nothing is drawn. */
  crop = $state.raw<Crop | null>(null);

  #gesture: Gesture | null = null;

  /** A pointer went down at `at`, in the window where the photo lies at `photo`. */
  press(at: Point, photo: Rect): void {
    const from = fractionAt(at, photo);
    const { crop } = this;
    const corner = crop && cornerAt(at, inWindow(crop, photo));
    if (crop && corner) {
      // The corner across stays where it is.
      const anchor = {
        x: corner.x === 0 ? crop.left + crop.width : crop.left,
        y: corner.y === 0 ? crop.top + crop.height : crop.top,
      };
      this.#gesture = { kind: "draw", anchor, from, before: crop, moved: false };
    } else if (crop && inside(from, crop)) {
      this.#gesture = { kind: "move", from, before: crop };
    } else {
      this.#gesture = { kind: "draw", anchor: from, from, before: crop, moved: false };
    }
  }

  /** The pointer that is down has moved to `at`. */
  drag(at: Point, photo: Rect): void {
    const gesture = this.#gesture;
    if (gesture === null) return;
    const to = fractionAt(at, photo);
    const dx = to.x - gesture.from.x;
    const dy = to.y - gesture.from.y;
    if (gesture.kind === "move") {
      this.crop = moved(gesture.before, dx, dy);
      return;
    }
    gesture.moved ||= Math.hypot(dx * photo.width, dy * photo.height) >= CLICK_PX;
    if (gesture.moved) this.crop = between(gesture.anchor, to, leastOf(photo));
  }

  release(): void {
    this.#gesture = null;
  }

  /** The pointer was taken away: all is as it was before it went down. */
  cancel(): void {
    if (this.#gesture) this.crop = this.#gesture.before;
    this.#gesture = null;
  }

  /**
   * Moves the region by steps, or sizes it at its right and lower edge. Where there is none yet,
   * the first key makes one in the middle of what is seen.
   */
  step(x: number, y: number, sizing: boolean, photo: Rect, frame: Size): void {
    if (this.crop === null) {
      this.crop = middleOf(photo, frame);
      return;
    }
    const dx = (x * STEP_PX) / photo.width;
    const dy = (y * STEP_PX) / photo.height;
    this.crop = sizing ? sized(this.crop, dx, dy, leastOf(photo)) : moved(this.crop, dx, dy);
  }
}

/** The nearest point of the photo, in fractions of it. */
function fractionAt({ x, y }: Point, photo: Rect): Point {
  return {
    x: within((x - photo.left) / photo.width, 0, 1),
    y: within((y - photo.top) / photo.height, 0, 1),
  };
}

/** The shortest sides a region may have, in fractions of the photo. */
function leastOf({ width, height }: Rect): Size {
  return { width: Math.min(1, LEAST_PX / width), height: Math.min(1, LEAST_PX / height) };
}

/** The region between two points, widened where it is too small. */
function between(anchor: Point, to: Point, least: Size): Crop {
  const [left, width] = span(anchor.x, to.x, least.width);
  const [top, height] = span(anchor.y, to.y, least.height);
  return { left, top, width, height };
}

function span(anchor: number, to: number, least: number): [start: number, length: number] {
  const length = Math.max(least, Math.abs(to - anchor));
  const start = to < anchor ? anchor - length : anchor;
  return [within(start, 0, 1 - length), length];
}

function moved(crop: Crop, dx: number, dy: number): Crop {
  return {
    ...crop,
    left: within(crop.left + dx, 0, 1 - crop.width),
    top: within(crop.top + dy, 0, 1 - crop.height),
  };
}

function sized(crop: Crop, dx: number, dy: number, least: Size): Crop {
  const width = within(crop.width + dx, least.width, 1);
  const height = within(crop.height + dy, least.height, 1);
  return {
    // At the photo's edge it grows the other way.
    left: within(crop.left, 0, 1 - width),
    top: within(crop.top, 0, 1 - height),
    width,
    height,
  };
}

/** A region in the middle of what is seen of the photo. */
function middleOf(photo: Rect, frame: Size): Crop {
  const least = leastOf(photo);
  const along = (start: number, length: number, window: number, least: number) => {
    const from = Math.max(0, -start / length);
    const to = Math.min(1, (window - start) / length);
    const size = Math.max(least, (to - from) * BEGIN_SHARE);
    return { start: within((from + to - size) / 2, 0, 1 - size), size };
  };
  const x = along(photo.left, photo.width, frame.width, least.width);
  const y = along(photo.top, photo.height, frame.height, least.height);
  return { left: x.start, top: y.start, width: x.size, height: y.size };
}

/** Which corner of `rect` a point takes hold of: 0 for left or top, 1 for right or bottom. */
function cornerAt({ x, y }: Point, rect: Rect): Point | null {
  const near = (at: number, start: number, length: number): number | null => {
    const [first, last] = [Math.abs(at - start), Math.abs(at - start - length)];
    if (Math.min(first, last) > CORNER_PX) return null;
    return first <= last ? 0 : 1;
  };
  const [cx, cy] = [near(x, rect.left, rect.width), near(y, rect.top, rect.height)];
  return cx === null || cy === null ? null : { x: cx, y: cy };
}

function inside({ x, y }: Point, crop: Crop): boolean {
  return (
    x >= crop.left && x <= crop.left + crop.width && y >= crop.top && y <= crop.top + crop.height
  );
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
