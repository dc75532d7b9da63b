/**
 * Photos to show as pictures: of each square of the map the one nearest to its middle. The squares
 * belong to the map and not to the screen, and grow by halves and doubles, so that moving the map
 * does not change which photos these are.
 */
import { type Camera, onView, type Screen, unit } from "./camera";
import type { SpatialGrid } from "./spatial";

/** Pictures at a time, at most. */
export const MOST_PICTURES = 300;
/** From here on pictures stand beside the dots. */
export const PICTURES_FROM = 2;
/** So few photos are shown as pictures from the start. */
export const FEW = 2000;

/** Indices of points, at most one a square of at least `size` pixels. */
export function spaced(
  grid: SpatialGrid,
  x: Float32Array,
  y: Float32Array,
  camera: Camera,
  screen: Screen,
  size: number,
): number[] {
  if (camera.zoom < PICTURES_FROM && x.length > FEW) return [];
  const least = Math.max(size, Math.sqrt((screen.width * screen.height) / MOST_PICTURES));
  const side = 2 ** Math.ceil(Math.log2(least / unit(camera, screen)));
  const best = new Map<string, { index: number; away: number }>();
  grid.each(onView(camera, screen, size), (index) => {
    const [column, line] = [(x[index] ?? 0) / side, (y[index] ?? 0) / side];
    const key = `${Math.floor(column)}|${Math.floor(line)}`;
    const away = (column - Math.floor(column) - 0.5) ** 2 + (line - Math.floor(line) - 0.5) ** 2;
    const known = best.get(key);
    if (!known || away < known.away) best.set(key, { index, away });
  });
  return [...best.values()].map(({ index }) => index).slice(0, MOST_PICTURES);
}
