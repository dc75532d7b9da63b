/**
 * The binary listing: the answer to a search, or the whole library. Little endian: a u32 with the
 * length of the JSON header, the header padded with spaces so that what follows is 8-byte aligned,
 * then records of 32 bytes. A hundred thousand photos are 3.2 MB, decoded in a few milliseconds
 * into one array a column; JSON would cost a hundred times that.
 */
import type { ListingHeader, Strength } from "./dto";

export const RECORD_BYTES = 32;

const STRENGTHS: readonly Strength[] = ["unscored", "strong", "likely", "weak"];
/** What of a photo matched. */
export const WHY = {
  shows: 1,
  title: 2,
  description: 4,
  keywords: 8,
  name: 16,
  folder: 32,
} as const;

const STRENGTH_BITS = 0b011;
const OFFLINE_BIT = 0b100;
const COLOURLESS_BIT = 0b1000;
/** In `marks`. */
const FAVOURITE_BIT = 0b1;

/** Photos in order, one array a column, each as long as `count`. */
export interface Listing extends ListingHeader {
  ids: Uint32Array;
  /** Width divided by height of the upright photo. */
  aspects: Float32Array;
  /** Cosine similarities: greater is closer. 0 where nothing was asked. */
  scores: Float32Array;
  /** The average colour as 0xRRGGBB, where it is known. */
  colors: Uint32Array;
  flags: Uint8Array;
  /** Seconds since 1970: taken, or else modified. */
  times: Float64Array;
  /** Another number once the file's content is another; 0 until the photo is read. */
  versions: Uint32Array;
  /** Why each photo answers, as the bits of `WHY`; 0 where nothing was asked. */
  why: Uint8Array;
  /** Stars, 1 to 5; 0 for none, -1 for rejected. */
  ratings: Int8Array;
  /** What the person marked. */
  marks: Uint8Array;
}

export function strengthAt(listing: Listing, index: number): Strength {
  return STRENGTHS[(listing.flags[index] ?? 0) & STRENGTH_BITS] ?? "unscored";
}

export function offlineAt(listing: Listing, index: number): boolean {
  return ((listing.flags[index] ?? 0) & OFFLINE_BIT) !== 0;
}

export function favouriteAt(listing: Listing, index: number): boolean {
  return ((listing.marks[index] ?? 0) & FAVOURITE_BIT) !== 0;
}

export function ratingAt(listing: Listing, index: number): number {
  return listing.ratings[index] ?? 0;
}

/** What the person may say of photos. */
export interface Opinion {
  favourite?: boolean;
  rating?: number;
}

/** The same listing with another opinion of some photos. */
export function withOpinion(
  listing: Listing,
  photos: readonly number[],
  { favourite, rating }: Opinion,
): Listing {
  const meant = new Set(photos);
  const changed = { ...listing, ratings: listing.ratings.slice(), marks: listing.marks.slice() };
  listing.ids.forEach((id, i) => {
    if (!meant.has(id)) return;
    if (rating !== undefined) changed.ratings[i] = rating;
    const mark = listing.marks[i] ?? 0;
    if (favourite !== undefined) {
      changed.marks[i] = favourite ? mark | FAVOURITE_BIT : mark & ~FAVOURITE_BIT;
    }
  });
  return changed;
}

/** Whether a photo answers by its words alone, whatever it shows. */
export function byWordsAlone(listing: Listing, index: number): boolean {
  const why = listing.why[index] ?? 0;
  return why !== 0 && (why & WHY.shows) === 0;
}

/** The average colour as 0xRRGGBB, or null until the photo is read. */
export function colorAt(listing: Listing, index: number): number | null {
  const known = ((listing.flags[index] ?? COLOURLESS_BIT) & COLOURLESS_BIT) === 0;
  return known ? (listing.colors[index] ?? 0) : null;
}

/**
 * How many photos at the start are strong or likely matches, or null where all stand alike: nothing
 * is scored, or they are in the order of dates.
 */
export function firmCount(listing: Listing): number | null {
  if (listing.count === 0 || listing.byDate || strengthAt(listing, 0) === "unscored") return null;
  return Math.min(listing.count, listing.strong + listing.likely);
}

/**
 * A listing with the next page of the same answer behind it. A photo that the listing has already,
 * for the answer has shifted meanwhile, is left out.
 */
export function appended(listing: Listing, page: Listing): Listing {
  const known = new Set(listing.ids);
  const fresh = [...page.ids.keys()].filter((i) => !known.has(page.ids[i] ?? 0));
  const count = listing.count + fresh.length;
  const { offset } = listing;
  const join = <T extends Column>(column: (of: Listing) => T, empty: T): T => {
    empty.set(column(listing));
    fresh.forEach((from, i) => (empty[listing.count + i] = column(page)[from] ?? 0));
    return empty;
  };
  return {
    ...page,
    // How long the answer took is how long its first photos did.
    tookMs: listing.tookMs,
    rankingMs: listing.rankingMs,
    count,
    offset,
    ids: join((of) => of.ids, new Uint32Array(count)),
    aspects: join((of) => of.aspects, new Float32Array(count)),
    scores: join((of) => of.scores, new Float32Array(count)),
    colors: join((of) => of.colors, new Uint32Array(count)),
    flags: join((of) => of.flags, new Uint8Array(count)),
    times: join((of) => of.times, new Float64Array(count)),
    versions: join((of) => of.versions, new Uint32Array(count)),
    why: join((of) => of.why, new Uint8Array(count)),
    ratings: join((of) => of.ratings, new Int8Array(count)),
    marks: join((of) => of.marks, new Uint8Array(count)),
  };
}

type Column = Int8Array | Uint8Array | Uint32Array | Float32Array | Float64Array;

/** Throws an `Error` with a plain sentence when the bytes are not a listing. */
export function decodeListing(buffer: ArrayBuffer): Listing {
  if (buffer.byteLength < 4) throw malformed("it has no header");
  const view = new DataView(buffer);
  const headerLength = view.getUint32(0, true);
  const start = 4 + headerLength;
  if (start > buffer.byteLength) throw malformed("its header is cut off");
  const header = parseHeader(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  const { count } = header;
  if (buffer.byteLength !== start + count * RECORD_BYTES) {
    throw malformed(`it promises ${count} photos and has ${buffer.byteLength - start} bytes`);
  }

  const listing: Listing = {
    ...header,
    ids: new Uint32Array(count),
    aspects: new Float32Array(count),
    scores: new Float32Array(count),
    colors: new Uint32Array(count),
    flags: new Uint8Array(count),
    times: new Float64Array(count),
    versions: new Uint32Array(count),
    why: new Uint8Array(count),
    ratings: new Int8Array(count),
    marks: new Uint8Array(count),
  };
  for (let i = 0, at = start; i < count; i++, at += RECORD_BYTES) {
    listing.ids[i] = view.getUint32(at, true);
    listing.aspects[i] = view.getFloat32(at + 4, true);
    listing.scores[i] = view.getFloat32(at + 8, true);
    listing.colors[i] = view.getUint32(at + 12) >>> 8;
    listing.flags[i] = view.getUint8(at + 15);
    listing.times[i] = view.getFloat64(at + 16, true);
    listing.versions[i] = view.getUint32(at + 24, true);
    listing.why[i] = view.getUint8(at + 28);
    listing.ratings[i] = view.getInt8(at + 29);
    listing.marks[i] = view.getUint8(at + 30);
  }
  return listing;
}

function parseHeader(json: string): ListingHeader {
  let header: Partial<ListingHeader> | null;
  try {
    header = JSON.parse(json) as Partial<ListingHeader> | null;
  } catch {
    throw malformed("its header is not JSON");
  }
  if (!header || !Number.isSafeInteger(header.count) || (header.count ?? -1) < 0) {
    throw malformed("its header has no count");
  }
  return {
    count: header.count ?? 0,
    total: header.total ?? 0,
    strong: header.strong ?? 0,
    likely: header.likely ?? 0,
    tookMs: header.tookMs ?? 0,
    rankingMs: header.rankingMs ?? 0,
    model: header.model ?? "",
    query: header.query ?? "",
    problems: header.problems ?? [],
    offset: header.offset ?? 0,
    byDate: header.byDate ?? false,
  };
}

function malformed(why: string): Error {
  return new Error(`The list of photos could not be read: ${why}.`);
}
