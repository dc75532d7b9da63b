/** Names on the map, the largest clusters first, each only where it covers no other. */
import type { MapCluster } from "../backend/dto";
import type { Place } from "./spatial";

export interface Label {
  cluster: MapCluster;
  /** Its middle, in pixels of the screen. */
  x: number;
  y: number;
}

export interface Placing {
  place: (cluster: MapCluster) => Place;
  /** Pixels that a name takes. */
  width: (name: string) => number;
  height: number;
  screen: { width: number; height: number };
}

/** Room between two names. */
const ROOM = 8;

export function labels(clusters: readonly MapCluster[], placing: Placing): Label[] {
  const { place, width, height, screen } = placing;
  const placed: (Label & { half: number })[] = [];
  for (const cluster of [...clusters].sort((a, b) => b.count - a.count)) {
    if (cluster.name === "") continue;
    const { x, y } = place(cluster);
    const half = width(cluster.name) / 2;
    if (x + half < 0 || x - half > screen.width || y < 0 || y > screen.height) continue;
    const covers = placed.some(
      (other) =>
        Math.abs(other.x - x) < other.half + half + ROOM && Math.abs(other.y - y) < height + ROOM,
    );
    if (!covers) placed.push({ cluster, x, y, half });
  }
  return placed.map(({ cluster, x, y }) => ({ cluster, x, y }));
}
