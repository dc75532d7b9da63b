/**
 * How the photo stands in its frame: `scale` 1 fits it in; `x` and `y` are pixels that its middle
 * lies from the frame's middle. Points are measured from the frame's middle too. The view may be
 * turned by quarters, which changes what fits, and nothing else.
 */
export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A place in the frame, from its left upper corner. */
export interface Rect extends Size {
  left: number;
  top: number;
}

/** What is seen of a photo, whatever its size: offsets in shares of the photo as it is shown. */
export interface Place extends Point {
  scale: number;
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
  /** The room that there is for the photo. */
  frame = $state.raw<Size>({ width: 1, height: 1 });

  /** Quarters that the view is turned to the right, 0 to 3. */
  #turns = $state(0);
  /** Pixels of the upright photo; only their shape counts until they are known. */
  #upright = $state.raw<Size>({ width: 3, height: 2 });
  #known = $state(false);
  /** Pixels of the screen to one of the page. */
  #density = $state(1);

  /** The whole photo is seen, as large as it can be. */
  readonly whole = $derived(this.scale === 1);
  readonly #photo = $derived.by((): Size => {
    const { width, height } = this.#upright;
    return this.#turns % 2 === 0 ? { width, height } : { width: height, height: width };
  });
  /** As large as the photo, turned as it is, fits in. */
  readonly fitted = $derived(fit(this.#photo, this.frame));
  /** The same before it was turned: what the picture itself is drawn at. */
  readonly drawn = $derived.by((): Size => {
    const { width, height } = this.fitted;
    return this.#turns % 2 === 0 ? { width, height } : { width: height, height: width };
  });
  /** The scale at which a pixel of the photo is a pixel of the screen. */
  readonly actual = $derived(
    this.#known ? this.#photo.width / this.#density / this.fitted.width : 1,
  );
  /** Screen pixels to one of the photo's; null as long as those are not known. */
  readonly magnification = $derived(this.#known ? this.scale / this.actual : null);

  get turns(): number {
    return this.#turns;
  }

  /** The view is turned so far; what was zoomed into is no longer. */
  set turns(turns: number) {
    if (turns === this.#turns) return;
    this.#turns = turns;
    this.reset();
  }

  /** Where the photo stands, to have another stand alike. */
  get place(): Place {
    const { scale, fitted } = this;
    return {
      scale,
      x: this.x / (fitted.width * scale),
      y: this.y / (fitted.height * scale),
    };
  }

  /** The frame is this large, in pixels of the page. */
  measure(width: number, height: number, density: number): void {
    const { place } = this;
    this.frame = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#density = density;
    this.follow(place);
  }

  /** The upright photo has this shape, and where `known`, these pixels. */
  see(photo: Size, known: boolean): void {
    const { place } = this;
    this.#upright = photo;
    this.#known = known;
    this.follow(place);
  }

  reset(): void {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  /** Between fitting and the photo's own pixels, keeping `at` in place. */
  toggle(at: Point = { x: 0, y: 0 }): void {
    if (this.whole) this.#scaleTo(this.actual, at);
    else this.reset();
  }

  /** Scales by `factor` with `at` in place; never smaller than both fitting and own pixels. */
  by(factor: number, at: Point = { x: 0, y: 0 }): void {
    this.#scaleTo(this.scale * factor, at);
  }

  pan(dx: number, dy: number): void {
    this.#move(this.x + dx, this.y + dy);
  }

  /** Stands as another photo does. */
  follow({ scale, x, y }: Place): void {
    this.scale = this.#within(scale);
    this.#move(x * this.fitted.width * this.scale, y * this.fitted.height * this.scale);
  }

  /** Where the whole photo lies, most of which may be outside of the frame. */
  get rect(): Rect {
    const width = this.fitted.width * this.scale;
    const height = this.fitted.height * this.scale;
    return {
      left: (this.frame.width - width) / 2 + this.x,
      top: (this.frame.height - height) / 2 + this.y,
      width,
      height,
    };
  }

  #within(scale: number): number {
    const least = Math.min(1, this.actual);
    const most = Math.max(1, this.actual * MOST_BEYOND_ACTUAL);
    return Math.min(most, Math.max(least, scale));
  }

  #scaleTo(wanted: number, at: Point): void {
    const scale = this.#within(wanted);
    const ratio = scale / this.scale;
    this.scale = scale;
    this.#move(at.x - (at.x - this.x) * ratio, at.y - (at.y - this.y) * ratio);
  }

  /** Moves to `x`, `y`, but never so far that the frame shows ground beside a larger photo. */
  #move(x: number, y: number): void {
    const reach = (length: number, frame: number): number =>
      Math.max(0, (length * this.scale - frame) / 2);
    const inside = (value: number, limit: number): number =>
      Math.max(-limit, Math.min(limit, value)) || 0;
    this.x = inside(x, reach(this.fitted.width, this.frame.width));
    this.y = inside(y, reach(this.fitted.height, this.frame.height));
  }
}
