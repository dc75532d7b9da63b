/**
 * How the photo stands in the viewer: `scale` 1 fits it into the window; `x` and `y` are pixels
 * that its middle lies from the window's middle. Points are measured from the window's middle too.
 */
export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A place in the window, from its left upper corner. */
export interface Rect extends Size {
  left: number;
  top: number;
}

/** How far beyond one photo pixel per screen pixel the wheel goes. */
const MOST_BEYOND_ACTUAL = 4;

/** The size at which `photo` just fits into `frame`. */
export function fit(photo: Size, frame: Size): Size {
  const scale = Math.min(frame.width / photo.width, frame.height / photo.height);
  return { width: photo.width * scale, height: photo.height * scale };
}

export class Zoom {
  scale = $state(1);
  x = $state(0);
  y = $state(0);

  readonly fitted = $derived(this.scale === 1);

  reset(): void {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  /**
   * Between fitting and `actual`, the scale of one photo pixel per screen pixel, keeping `at` in
   * place.
   */
  toggle(actual: number, at: Point, fitted: Size, frame: Size): void {
    if (this.fitted) this.#scaleTo(actual, at, fitted, frame);
    else this.reset();
  }

  /** Scales by `factor` with `at` in place; never smaller than fitting. */
  by(factor: number, actual: number, at: Point, fitted: Size, frame: Size): void {
    const most = Math.max(1, actual * MOST_BEYOND_ACTUAL);
    this.#scaleTo(Math.min(most, Math.max(1, this.scale * factor)), at, fitted, frame);
  }

  pan(dx: number, dy: number, fitted: Size, frame: Size): void {
    this.#place(this.x + dx, this.y + dy, fitted, frame);
  }

  /** Where the whole photo lies, most of which may be outside of the window. */
  placed(fitted: Size, frame: Size): Rect {
    const width = fitted.width * this.scale;
    const height = fitted.height * this.scale;
    return {
      left: (frame.width - width) / 2 + this.x,
      top: (frame.height - height) / 2 + this.y,
      width,
      height,
    };
  }

  #scaleTo(scale: number, at: Point, fitted: Size, frame: Size): void {
    const ratio = scale / this.scale;
    this.scale = scale;
    this.#place(at.x - (at.x - this.x) * ratio, at.y - (at.y - this.y) * ratio, fitted, frame);
  }

  /** Moves to `x`, `y`, but never so far that the window shows ground beside a larger photo. */
  #place(x: number, y: number, fitted: Size, frame: Size): void {
    const reach = (length: number, window: number): number =>
      Math.max(0, (length * this.scale - window) / 2);
    const inside = (value: number, limit: number): number =>
      Math.max(-limit, Math.min(limit, value)) || 0;
    this.x = inside(x, reach(fitted.width, frame.width));
    this.y = inside(y, reach(fitted.height, frame.height));
  }
}
