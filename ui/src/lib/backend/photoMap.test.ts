import { describe, expect, it } from "vitest";

import { encodePhotoMap } from "./fakeInsight";
import { decodePhotoMap } from "./photoMap";

const CLUSTERS = [{ name: "Strände", x: 0.25, y: 0.5, count: 1 }];
const BYTES = encodePhotoMap(
  [
    { id: 7, x: 0.25, y: 0.5, at: 0 },
    { id: 4_000_000_000, x: 1, y: 0, at: -1 },
  ],
  CLUSTERS,
);

describe("the binary map", () => {
  it("is read column by column", () => {
    const map = decodePhotoMap(BYTES);
    expect([...map.ids]).toEqual([7, 4_000_000_000]);
    expect([...map.x, ...map.y]).toEqual([0.25, 1, 0.5, 0]);
    expect([...map.cluster]).toEqual([0, -1]);
    expect(map.clusters).toEqual(CLUSTERS);
  });

  it("is read wherever its header ends", () => {
    for (const name of ["a", "ab", "abc", "abcd"]) {
      const clusters = [{ name, x: 0, y: 0, count: 1 }];
      const map = decodePhotoMap(encodePhotoMap([{ id: 3, x: 0.5, y: 0.5, at: 0 }], clusters));
      expect([map.ids[0], map.x[0], map.cluster[0], map.clusters[0]?.name]).toEqual([
        3,
        0.5,
        0,
        name,
      ]);
    }
  });

  it("may be empty", () => {
    expect(decodePhotoMap(encodePhotoMap([], [])).ids).toHaveLength(0);
  });

  it("is refused, with the reason, where it is damaged", () => {
    const of = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;
    expect(() => decodePhotoMap(of(1))).toThrow("it has no header");
    expect(() => decodePhotoMap(of(9, 0, 0, 0, 123))).toThrow("its header is cut off");
    expect(() => decodePhotoMap(of(1, 0, 0, 0, 123))).toThrow("its header is not JSON");
    expect(() => decodePhotoMap(of(2, 0, 0, 0, 123, 125))).toThrow("its header has no count");
    expect(() => decodePhotoMap(BYTES.slice(0, -16))).toThrow("it promises 2 photos");
  });
});
