/** How photos are laid side by side so that the most is seen of them. */
import { fit, type Size } from "./zoom.svelte";

/** In a narrower column what is said of a photo has no room under it, in pixels. */
const LEAST_WIDTH = 320;

/**
 * In how many columns photos of these shapes (width divided by height) are largest together, in
 * cells of equal size within `frame`.
 */
export function columnsFor(aspects: readonly number[], frame: Size): number {
  let best = 1;
  let most = 0;
  const room = Math.max(1, Math.floor(frame.width / LEAST_WIDTH));
  for (let columns = 1; columns <= Math.min(aspects.length, room); columns++) {
    const rows = Math.ceil(aspects.length / columns);
    const cell = { width: frame.width / columns, height: frame.height / rows };
    const seen = aspects.reduce((sum, aspect) => {
      const { width, height } = fit({ width: aspect, height: 1 }, cell);
      return sum + width * height;
    }, 0);
    if (seen > most) [best, most] = [columns, seen];
  }
  return best;
}
