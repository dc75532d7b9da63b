/**
 * The binary map: the library in two dimensions. Little endian: a u32 with the length of the JSON
 * header, the header, zeros up to a multiple of 4, then records of 16 bytes.
 */
import type { MapCluster } from "./dto";

export const POINT_BYTES = 16;

/** Photos with their places, one array a column. */
export interface PhotoMap {
  ids: Uint32Array;
  /** 0 to 1, from the left and from the top. */
  x: Float32Array;
  y: Float32Array;
  /** Place in `clusters`; -1 for a photo of none. */
  cluster: Int16Array;
  clusters: MapCluster[];
}

/** Throws an `Error` with a plain sentence when the bytes are not a map. */
export function decodePhotoMap(buffer: ArrayBuffer): PhotoMap {
  if (buffer.byteLength < 4) throw malformed("it has no header");
  const view = new DataView(buffer);
  const length = view.getUint32(0, true);
  if (4 + length > buffer.byteLength) throw malformed("its header is cut off");
  const { count, clusters } = parseHeader(
    new TextDecoder().decode(new Uint8Array(buffer, 4, length)),
  );
  const start = Math.ceil((4 + length) / 4) * 4;
  if (buffer.byteLength !== start + count * POINT_BYTES) {
    throw malformed(`it promises ${count} photos and has ${buffer.byteLength - start} bytes`);
  }
  const map: PhotoMap = {
    ids: new Uint32Array(count),
    x: new Float32Array(count),
    y: new Float32Array(count),
    cluster: new Int16Array(count),
    clusters,
  };
  for (let i = 0, at = start; i < count; i++, at += POINT_BYTES) {
    map.ids[i] = view.getUint32(at, true);
    map.x[i] = view.getFloat32(at + 4, true);
    map.y[i] = view.getFloat32(at + 8, true);
    map.cluster[i] = view.getInt16(at + 12, true);
  }
  return map;
}

function parseHeader(json: string): { count: number; clusters: MapCluster[] } {
  let header: { count?: number; clusters?: MapCluster[] } | null;
  try {
    header = JSON.parse(json) as typeof header;
  } catch {
    throw malformed("its header is not JSON");
  }
  const count = header?.count ?? -1;
  if (!Number.isSafeInteger(count) || count < 0) throw malformed("its header has no count");
  return { count, clusters: header?.clusters ?? [] };
}

function malformed(why: string): Error {
  return new Error(`The map could not be read: ${why}.`);
}
