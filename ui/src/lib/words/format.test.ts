import { describe, expect, it } from "vitest";

import { exampleFor } from "./examples";
import { fileSize, lastPart, milliseconds, photos, timeLeft } from "./format";

describe("words for numbers", () => {
  it.each([
    [4, "less than a minute left"],
    [55, "1 min left"],
    [192, "3 min left"],
    [3600, "60 min left"],
    [7800, "2 h 10 min left"],
    [7200, "2 h left"],
    [10_780, "3 h left"],
  ])("%d seconds: %s", (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });

  it("counts photos in the singular and the plural", () => {
    expect([photos(0), photos(1), photos(2)]).toEqual(["0 photos", "1 photo", "2 photos"]);
  });

  it("rounds sizes and times to what can be read", () => {
    expect(fileSize(0)).toBe("0 bytes");
    expect(fileSize(41_900)).toBe("42 kB");
    expect(fileSize(3_480_000)).toBe(`${new Intl.NumberFormat().format(3.5)} MB`);
    expect(fileSize(999_600)).toBe("1 MB");
    expect(milliseconds(0.2)).toBe("< 1 ms");
    expect(milliseconds(8.4)).toBe("8 ms");
  });

  it("names a folder by the end of its path", () => {
    expect(lastPart("/home/anna/Pictures/")).toBe("Pictures");
    expect(lastPart("C:\\Users\\Anna\\Fotos")).toBe("Fotos");
    expect(lastPart("/")).toBe("/");
  });
});

describe("the proposed query", () => {
  it("is the same all day and another the next", () => {
    const at = (day: number, hour: number): string => exampleFor(new Date(2026, 4, day, hour));
    expect(at(3, 1)).toBe(at(3, 23));
    expect(at(3, 23)).not.toBe(at(4, 1));
  });
});
