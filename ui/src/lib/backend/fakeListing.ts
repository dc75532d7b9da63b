/** Listings made up in memory, in the bytes that the shell would send. */
import { RECORD_BYTES } from "./listing";

export interface FakeRecord {
  id: number;
  aspect?: number;
  score?: number;
  /** 0xRRGGBB; null as for a photo that was not read yet. */
  color?: number | null;
  /** As in the binary listing. */
  strength?: 0 | 1 | 2 | 3;
  offline?: boolean;
  time?: number;
  version?: number;
  /** Why it answers, as in the binary listing. */
  why?: number;
  rating?: number;
  favourite?: boolean;
}

/** A listing in the bytes that the shell would send. */
export function encodeListing(
  records: readonly FakeRecord[],
  header: Record<string, unknown> = {},
): ArrayBuffer {
  const of = (strength: number): number =>
    records.filter((record) => record.strength === strength).length;
  const json = JSON.stringify({
    count: records.length,
    total: records.length,
    strong: of(1),
    likely: of(2),
    tookMs: 8.4,
    rankingMs: 1.9,
    model: "starter",
    query: "",
    problems: [],
    offset: 0,
    byDate: false,
    ...header,
  });
  const text = new TextEncoder().encode(json);
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const bytes = new Uint8Array(4 + length + records.length * RECORD_BYTES);
  bytes.fill(0x20, 4, 4 + length);
  bytes.set(text, 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  records.forEach((record, i) => {
    const at = 4 + length + i * RECORD_BYTES;
    view.setUint32(at, record.id, true);
    view.setFloat32(at + 4, record.aspect ?? 1.5, true);
    view.setFloat32(at + 8, record.score ?? 0, true);
    const color = record.color ?? 0x303030;
    view.setUint8(at + 12, color >> 16);
    view.setUint8(at + 13, (color >> 8) & 0xff);
    view.setUint8(at + 14, color & 0xff);
    view.setUint8(
      at + 15,
      (record.strength ?? 0) | (record.offline ? 4 : 0) | (record.color === null ? 8 : 0),
    );
    view.setFloat64(at + 16, record.time ?? 0, true);
    view.setUint32(at + 24, record.version ?? 0, true);
    view.setUint8(at + 28, record.why ?? 0);
    view.setInt8(at + 29, record.rating ?? 0);
    view.setUint8(at + 30, record.favourite ? 1 : 0);
  });
  return bytes.buffer;
}

/** A number in 0..1 that depends on nothing but its arguments. */
export function chance(id: number, salt: number): number {
  let h = Math.imul(id ^ (salt * 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}
