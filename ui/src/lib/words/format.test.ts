import { describe, expect, it } from "vitest";

import { exampleFor } from "./examples";
import {
  downloadTimeLeft,
  fileSize,
  fileSizePart,
  lastPart,
  milliseconds,
  nextTry,
  percent,
  photos,
  sentence,
  timeLeft,
} from "./format";

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

  it("gives a part in the unit of the whole", () => {
    expect(fileSizePart(212_400_000, 607_000_000)).toBe("212 of 607 MB");
    expect(fileSizePart(40_000, 1_535_000_000)).toBe(
      `0 of ${new Intl.NumberFormat().format(1.5)} GB`,
    );
    expect(fileSizePart(900, 700)).toBe("700 of 700 bytes");
  });

  it.each([
    [213, 350, "60\u00a0%"],
    [349_999, 350_000, "99\u00a0%"],
    [350, 350, "100\u00a0%"],
    [0, 0, "100\u00a0%"],
  ])("%d of %d is %s", (done, total, words) => {
    expect(percent(done, total)).toBe(words);
  });

  it.each([
    [46.2, "47 s left"],
    [0, "1 s left"],
    [192, "3 min left"],
  ])("a download that needs %d s has %s", (seconds, words) => {
    expect(downloadTimeLeft(seconds)).toBe(words);
  });

  it.each([
    ["no driver answers", "No driver answers."],
    ["stopped", "Stopped."],
    ["Disk is full.", "Disk is full."],
    ["model.safetensors is cut off", "model.safetensors is cut off."],
    ["/home/anna is no folder", "/home/anna is no folder."],
    ["https://hub.example/a no longer has b", "https://hub.example/a no longer has b."],
    ["disk: it is full", "Disk: it is full."],
  ])("“%s” becomes the sentence “%s”", (words, whole) => {
    expect(sentence(words)).toBe(whole);
  });

  it.each([
    [0.2, "Trying again in 1 s."],
    [89, "Trying again in 89 s."],
    [200, "Trying again in 4 min."],
  ])("says that %d s are left until the next attempt", (seconds, words) => {
    expect(nextTry(seconds)).toBe(words);
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
