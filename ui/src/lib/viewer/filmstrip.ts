/** Which photos of a long row are drawn: those around the current one, which is in the middle. */

/** Drawn beyond each edge, so that one step shows no gap. */
const BEYOND = 3;

/**
 * The places from `from` to before `to` in a row of `count` that are seen around `current` in
 * `width` pixels, at `pitch` pixels each.
 */
export function around(
  current: number,
  count: number,
  width: number,
  pitch: number,
): { from: number; to: number } {
  if (current < 0 || count === 0) return { from: 0, to: 0 };
  const aside = Math.ceil(width / pitch / 2) + BEYOND;
  return { from: Math.max(0, current - aside), to: Math.min(count, current + aside + 1) };
}
