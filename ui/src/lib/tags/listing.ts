/** The photos of a category as the grid lays photos out. */
import type { ReviewPhoto } from "../backend/dto";
import type { Listing } from "../backend/listing";

export function listingOf(photos: readonly ReviewPhoto[], total: number): Listing {
  const count = photos.length;
  return {
    count,
    offset: 0,
    total: Math.max(count, total),
    strong: 0,
    likely: 0,
    byDate: false,
    tookMs: 0,
    rankingMs: 0,
    model: "",
    query: "",
    problems: [],
    ids: Uint32Array.from(photos, ({ id }) => id),
    aspects: Float32Array.from(photos, ({ aspect }) => aspect),
    scores: Float32Array.from(photos, ({ confidence }) => confidence ?? 0),
    colors: Uint32Array.from(photos, ({ color }) => color),
    flags: new Uint8Array(count),
    times: new Float64Array(count),
    versions: Uint32Array.from(photos, ({ version }) => version),
    why: new Uint8Array(count),
    ratings: new Int8Array(count),
    marks: new Uint8Array(count),
  };
}
