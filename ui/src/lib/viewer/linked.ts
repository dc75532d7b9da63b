/**
 * Photos that are zoomed and moved together: each shows the same part, or one that was moved away
 * from it alone and stays that far away.
 */
import { Zoom, type Place } from "./zoom.svelte";

const WHOLE: Place = { scale: 1, x: 0, y: 0 };

interface Member {
  zoom: Zoom;
  /** How far it stands from what is seen of all; `scale` is a factor here. */
  apart: Place;
}

export class Linked {
  /** What is seen of each. */
  #place: Place = WHOLE;
  readonly #members = new Map<number, Member>();

  /** How a photo stands; another one joins. */
  of(photo: number): Zoom {
    const known = this.#members.get(photo);
    if (known) return known.zoom;
    const zoom = new Zoom();
    this.#members.set(photo, { zoom, apart: WHOLE });
    return zoom;
  }

  /** A photo is no longer among them. */
  drop(photo: number): void {
    this.#members.delete(photo);
  }

  /** One was zoomed or moved, and the others go along; `alone`, they stay. */
  moved(photo: number, alone: boolean): void {
    const mover = this.#members.get(photo);
    if (!mover) return;
    const { place, whole } = mover.zoom;
    if (alone) {
      mover.apart = between(this.#place, place);
      return;
    }
    const members = [...this.#members.values()];
    // Seen whole, they stand alike again.
    if (whole) for (const member of members) member.apart = WHOLE;
    this.#place = from(place, mover.apart);
    for (const member of members) {
      if (member !== mover) member.zoom.follow(beside(this.#place, member.apart));
    }
  }
}

/** How far `to` stands from `from`. */
function between(from: Place, to: Place): Place {
  return { scale: to.scale / from.scale, x: to.x - from.x, y: to.y - from.y };
}

/** What stands `apart` from a place. */
function beside(place: Place, apart: Place): Place {
  return { scale: place.scale * apart.scale, x: place.x + apart.x, y: place.y + apart.y };
}

/** What a place stands `apart` from. */
function from(place: Place, apart: Place): Place {
  return { scale: place.scale / apart.scale, x: place.x - apart.x, y: place.y - apart.y };
}
