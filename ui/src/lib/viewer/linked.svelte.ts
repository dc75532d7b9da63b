/**
 * Photos that are zoomed and moved together: each shows the same part, or one that was moved away
 * from it alone and stays that far away.
 */
import type { Place, Zoom } from "./zoom.svelte";

const WHOLE: Place = { scale: 1, x: 0, y: 0 };

export class Linked {
  /** Whether what moves one moves all. */
  on = $state(true);

  /** What is seen of each, and how far each stands from that: `scale` is a factor then. */
  #place: Place = WHOLE;
  readonly #apart = new Map<Zoom, Place>();

  /** Another photo joins. */
  add(zoom: Zoom): void {
    this.#apart.set(zoom, WHOLE);
  }

  remove(zoom: Zoom): void {
    this.#apart.delete(zoom);
  }

  /** One was zoomed or moved; `alone` means only that one. */
  moved(zoom: Zoom, alone: boolean): void {
    const { place } = zoom;
    if (alone || !this.on) {
      this.#apart.set(zoom, {
        scale: place.scale / this.#place.scale,
        x: place.x - this.#place.x,
        y: place.y - this.#place.y,
      });
      return;
    }
    // Seen whole, they stand alike again.
    if (zoom.whole) for (const other of this.#apart.keys()) this.#apart.set(other, WHOLE);
    const own = this.#apart.get(zoom) ?? WHOLE;
    this.#place = {
      scale: place.scale / own.scale,
      x: place.x - own.x,
      y: place.y - own.y,
    };
    for (const [other, apart] of this.#apart) {
      if (other === zoom) continue;
      other.follow({
        scale: this.#place.scale * apart.scale,
        x: this.#place.x + apart.x,
        y: this.#place.y + apart.y,
      });
    }
  }
}
