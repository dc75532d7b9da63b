/** Which part of the map is on view, and where a place of it lies on the screen. */
import type { Bounds, Place } from "./spatial";

/** Pixels of the screen. */
export interface Screen {
  width: number;
  height: number;
}

/** The place in the middle of the screen, and how much larger than whole the map is. */
export interface Camera extends Place {
  zoom: number;
}

export const WHOLE: Camera = { x: 0.5, y: 0.5, zoom: 1 };
const CLOSEST = 200;
/** Room around the whole map, as a share of the screen. */
const MARGIN = 0.06;

/** Pixels of one unit of the map. */
export function unit({ zoom }: Camera, { width, height }: Screen): number {
  return zoom * Math.max(1, Math.min(width, height)) * (1 - 2 * MARGIN);
}

export function toScreen(camera: Camera, screen: Screen, { x, y }: Place): Place {
  const scale = unit(camera, screen);
  return {
    x: screen.width / 2 + (x - camera.x) * scale,
    y: screen.height / 2 + (y - camera.y) * scale,
  };
}

export function toMap(camera: Camera, screen: Screen, { x, y }: Place): Place {
  const scale = unit(camera, screen);
  return {
    x: camera.x + (x - screen.width / 2) / scale,
    y: camera.y + (y - screen.height / 2) / scale,
  };
}

/** The part of the map on view, with some pixels beyond each edge. */
export function onView(camera: Camera, screen: Screen, beyond = 0): Bounds {
  const { x: left, y: top } = toMap(camera, screen, { x: -beyond, y: -beyond });
  const edge = { x: screen.width + beyond, y: screen.height + beyond };
  const { x: right, y: bottom } = toMap(camera, screen, edge);
  return { left, top, right, bottom };
}

/** Moved by pixels; the middle of the screen stays on the map. */
export function panned(camera: Camera, screen: Screen, dx: number, dy: number): Camera {
  const scale = unit(camera, screen);
  return clamped({ ...camera, x: camera.x - dx / scale, y: camera.y - dy / scale });
}

/** Larger by a factor, with the place under `at` staying there. */
export function zoomed(camera: Camera, screen: Screen, by: number, at: Place): Camera {
  const zoom = Math.max(WHOLE.zoom, Math.min(CLOSEST, camera.zoom * by));
  const fixed = toMap(camera, screen, at);
  const scale = unit({ ...camera, zoom }, screen);
  return clamped({
    zoom,
    x: fixed.x - (at.x - screen.width / 2) / scale,
    y: fixed.y - (at.y - screen.height / 2) / scale,
  });
}

/** So near that such a part of the map fills the screen. */
export function showing({ left, top, right, bottom }: Bounds): Camera {
  const extent = Math.max(right - left, bottom - top, 1 / CLOSEST);
  return clamped({
    x: (left + right) / 2,
    y: (top + bottom) / 2,
    zoom: Math.max(WHOLE.zoom, Math.min(CLOSEST, 1 / extent)),
  });
}

function clamped({ x, y, zoom }: Camera): Camera {
  const inside = (value: number): number => Math.max(0, Math.min(1, value));
  return { x: inside(x), y: inside(y), zoom };
}
