/** What the person said of made-up photos: favourites and stars. */
import type { Rated } from "./dto";

export class FakeOpinions {
  readonly #favourites = new Set<number>();
  readonly #stars = new Map<number, number>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  isFavourite(photo: number): boolean {
    return this.#favourites.has(photo);
  }

  /** Null where the person said nothing. */
  stars(photo: number): number | null {
    return this.#stars.get(photo) ?? null;
  }

  setFavourite(photos: readonly number[], favourite: boolean): number[] {
    const changed = photos.filter((photo) => this.isFavourite(photo) !== favourite);
    changed.forEach((photo) =>
      favourite ? this.#favourites.add(photo) : this.#favourites.delete(photo),
    );
    if (changed.length > 0) this.#changed();
    return changed;
  }

  setRating(photos: readonly number[], stars: number | null): Rated[] {
    const before = new Map<number | null, number[]>();
    for (const photo of photos) {
      const had = this.stars(photo);
      if (had === stars) continue;
      before.set(had, [...(before.get(had) ?? []), photo]);
      if (stars === null) this.#stars.delete(photo);
      else this.#stars.set(photo, stars);
    }
    if (before.size > 0) this.#changed();
    return [...before].map(([had, group]) => ({ stars: had, photos: group }));
  }
}
