/** Groups of duplicates for tests. */
import { says } from "../lib/backend/backend";
import type { DuplicateGroup, DuplicatePhoto } from "../lib/backend/dto";

export function copy(id: number, change: Partial<DuplicatePhoto> = {}): DuplicatePhoto {
  return {
    id,
    path: `/home/anna/Pictures/${2000 + id}/IMG_${id}.jpg`,
    size: 1_000_000 * id,
    width: 4000,
    height: 3000,
    time: 1_700_000_000,
    aspect: 4 / 3,
    version: 0,
    offline: false,
    rating: null,
    ...change,
  };
}

/** A group whose first photo is the suggested one. */
export function groupOf(...photos: DuplicatePhoto[]): DuplicateGroup {
  return { photos, keeper: photos[0]?.id ?? 0, reason: says("it is the largest") };
}
