/** The map of the library: made when it is first looked at, and what is chosen on it. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError } from "../backend/dto";
import type { PhotoMap } from "../backend/photoMap";
import { type Camera, showing, WHOLE } from "./camera";
import { type Place, SpatialGrid } from "./spatial";

/** Photos that the viewer steps through from one on the map. */
const NEIGHBOURS = 500;

export class MapOfPhotos {
  /** Null until it was made. */
  map = $state.raw<PhotoMap | null>(null);
  failure = $state.raw<CommandError | null>(null);
  busy = $state(false);
  /** How far it is, 0 to 1. */
  progress = $state(0);
  /** The person stopped it. */
  stopped = $state(false);
  /** The library has changed since. */
  outdated = $state(false);
  camera = $state.raw<Camera>(WHOLE);
  /** Places of chosen photos in the map, in order. */
  chosen = $state.raw<readonly number[]>([]);

  readonly grid = $derived(this.map && new SpatialGrid(this.map.x, this.map.y));
  /** Ids of chosen photos. */
  readonly chosenIds: readonly number[] = $derived(this.chosen.map((at) => this.map?.ids[at] ?? 0));

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The page has come up. */
  open(): () => void {
    if (this.map === null && !this.busy) void this.make();
    return () => {
      if (this.busy) void this.cancel();
    };
  }

  /** The library has changed: the map is kept until a new one is asked for. */
  changed(): void {
    if (this.map !== null) this.outdated = true;
  }

  /** The engine says how far it is. */
  follow(progress: number): void {
    this.progress = Math.max(0, Math.min(1, progress));
  }

  async make(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.stopped = false;
    this.failure = null;
    this.progress = 0;
    try {
      const map = await this.#backend.photoMap();
      this.map = map;
      this.outdated = false;
      this.chosen = [];
      this.camera = WHOLE;
    } catch (thrown) {
      const error = commandError(thrown);
      if (error.code === "cancelled") this.stopped = true;
      else this.failure = error;
    } finally {
      this.busy = false;
    }
  }

  async cancel(): Promise<void> {
    // Where it cannot be stopped it ends by itself.
    await this.#backend.cancelMap().catch(() => undefined);
  }

  /** Chooses the photos within an outline; a line around nothing chooses nothing. */
  lasso(outline: readonly Place[]): void {
    this.chosen = this.grid?.within(outline) ?? [];
  }

  /** Chooses the photos of a cluster, by its place among the clusters, and brings them to view. */
  showCluster(cluster: number): void {
    const { map } = this;
    if (map === null) return;
    const chosen: number[] = [];
    const bounds = { left: 1, top: 1, right: 0, bottom: 0 };
    for (let i = 0; i < map.ids.length; i++) {
      if (map.cluster[i] !== cluster) continue;
      chosen.push(i);
      const [x, y] = [map.x[i] ?? 0, map.y[i] ?? 0];
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y);
    }
    this.chosen = chosen;
    if (chosen.length > 0) this.camera = showing(bounds);
  }

  clear(): void {
    this.chosen = [];
  }

  /** The photos to step through from one: those chosen with it, or else what lies around it. */
  around(index: number): number[] {
    const { map } = this;
    if (map === null) return [];
    if (this.chosen.includes(index)) return [...this.chosenIds];
    const [x, y] = [map.x[index] ?? 0, map.y[index] ?? 0];
    const same = map.cluster[index];
    const near: { at: number; away: number }[] = [];
    for (let at = 0; at < map.ids.length; at++) {
      if (map.cluster[at] !== same) continue;
      near.push({ at, away: ((map.x[at] ?? 0) - x) ** 2 + ((map.y[at] ?? 0) - y) ** 2 });
    }
    near.sort((a, b) => a.away - b.away || a.at - b.at);
    return near.slice(0, NEIGHBOURS).map(({ at }) => map.ids[at] ?? 0);
  }
}
