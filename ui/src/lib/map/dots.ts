/**
 * Dots as pixels of a picture: a hundred thousand of them are written in about a millisecond, where
 * a call for each would take a frame and more.
 */
import { type Camera, onView, type Screen, unit } from "./camera";
import type { SpatialGrid } from "./spatial";

export interface Dots {
  grid: SpatialGrid;
  x: Float32Array;
  y: Float32Array;
  /** The tone of each point: its place in `tones`. */
  tone: Uint8Array;
  /** Colours as pixels have them, 0xAABBGGRR. */
  tones: Uint32Array;
  /** The colour between the dots. */
  ground: number;
}

/**
 * Writes all dots on view into `pixels`, which are `width` by `height` of the device; `ratio` are
 * the device's pixels of one of the screen's.
 */
export function drawDots(
  pixels: Uint32Array,
  width: number,
  height: number,
  ratio: number,
  camera: Camera,
  dots: Dots,
): void {
  pixels.fill(dots.ground);
  const screen: Screen = { width: width / ratio, height: height / ratio };
  const scale = unit(camera, screen) * ratio;
  const size = dotSize(camera, ratio, dots.x.length);
  const [middleX, middleY] = [width / 2 - size / 2, height / 2 - size / 2];
  const { x, y, tone, tones } = dots;
  dots.grid.each(onView(camera, screen, size), (index) => {
    const left = Math.round(middleX + ((x[index] ?? 0) - camera.x) * scale);
    const top = Math.round(middleY + ((y[index] ?? 0) - camera.y) * scale);
    const colour = tones[tone[index] ?? 0] ?? 0;
    const right = Math.min(width, left + size);
    const bottom = Math.min(height, top + size);
    for (let line = Math.max(0, top); line < bottom; line++) {
      const from = line * width;
      for (let at = Math.max(0, left); at < right; at++) pixels[from + at] = colour;
    }
  });
}

/** Pixels of the device along a dot's side: larger the closer one is, and the fewer there are. */
export function dotSize({ zoom }: Camera, ratio: number, count: number): number {
  const fewer = Math.max(0, 5 - Math.log10(Math.max(1, count)));
  return Math.max(1, Math.round(ratio * Math.min(6, 1.5 + fewer + Math.log2(zoom) / 2)));
}

/** A colour `#rrggbb` as a pixel. */
export function pixel(hex: string): number {
  const value = parseInt(hex.trim().slice(1), 16);
  const [red, green, blue] = [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
  return ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Between two colours, `share` of the way to the second. */
export function mixed(one: number, other: number, share: number): number {
  let result = 0;
  for (const shift of [0, 8, 16, 24]) {
    const [from, to] = [(one >>> shift) & 0xff, (other >>> shift) & 0xff];
    result |= Math.round(from + (to - from) * share) << shift;
  }
  return result >>> 0;
}
