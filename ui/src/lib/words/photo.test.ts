import { afterEach, describe, expect, it } from "vitest";

import type { Photo } from "../backend/dto";
import { speech } from "../i18n/i18n.svelte";
import {
  exposure,
  facts,
  magnificationWords,
  offset,
  place,
  placeWords,
  regionWords,
  shutter,
  taken,
  tip,
} from "./photo";

// 2024-05-03, 14:30 on the camera's clock.
const MOMENT = Date.UTC(2024, 4, 3, 14, 30) / 1000;

const PHOTO: Photo = {
  id: 1,
  root: 1,
  path: "/home/anna/Pictures/a.jpg",
  name: "a.jpg",
  folder: "/home/anna/Pictures",
  size: 3_482_112,
  time: MOMENT,
  timeSource: "picture",
  takenAt: MOMENT,
  utcOffsetMin: null,
  width: 4000,
  height: 3000,
  camera: null,
  lens: null,
  format: "JPEG",
  lat: null,
  lon: null,
  iso: null,
  aperture: null,
  focalMm: null,
  exposureS: null,
  title: null,
  description: null,
  keywords: [],
  hierarchicalKeywords: [],
  rating: null,
  label: null,
  favourite: false,
  near: null,
  offline: false,
  embedded: true,
};

describe("words for a photo", () => {
  it.each([
    [0, "UTC"],
    [120, "UTC+02:00"],
    [-210, "UTC−03:30"],
    [345, "UTC+05:45"],
  ])("%d minutes ahead of UTC: %s", (minutes, words) => {
    expect(offset(minutes)).toBe(words);
  });

  it("gives the camera's own clock, and where else a date comes from", () => {
    expect(taken({ ...PHOTO, utcOffsetMin: 120 })).toMatch(/May 3, 2024.*2:30\sPM UTC\+02:00$/);
    expect(taken(PHOTO)).toMatch(/2:30\sPM$/);
    const guessed = { ...PHOTO, takenAt: null };
    expect(taken({ ...guessed, timeSource: "name" })).toBe("May 3, 2024 (from the file name)");
    expect(taken({ ...guessed, timeSource: "file" })).toBe("May 3, 2024 (date of the file)");
  });

  it.each([
    [0.004, "1/250 s"],
    [0.29, "1/3 s"],
    [0.5, "0.5 s"],
    [2.5, "2.5 s"],
    [30, "30 s"],
  ])("an exposure of %d s is %s", (seconds, words) => {
    expect(shutter(seconds)).toBe(words);
  });

  it("leaves out of the exposure what is not known", () => {
    expect(exposure(PHOTO)).toEqual([]);
    expect(exposure({ ...PHOTO, focalMm: 35, aperture: 2.8, exposureS: 0.004, iso: 400 })).toEqual([
      "35 mm",
      "f/2.8",
      "1/250 s",
      "ISO 400",
    ]);
  });

  it("names the town near it, and says no word twice", () => {
    const near = { city: "Lisbon", region: "Lisbon", country: "Portugal" };
    expect(place({ ...PHOTO, near })).toBe("near Lisbon, Portugal");
    expect(place({ ...PHOTO, near: { ...near, region: "" } })).toBe("near Lisbon, Portugal");
    expect(place({ ...PHOTO, near: { ...near, city: "Sintra" } })).toBe(
      "near Sintra, Lisbon, Portugal",
    );
    expect(place(PHOTO)).toBeNull();
  });

  it("says that a photo is not indexed yet, and its size only where that is known", () => {
    expect(facts(PHOTO)).toContain("4,000 × 3,000");
    expect(facts(PHOTO)).not.toContain("not indexed yet");
    const unread = facts({ ...PHOTO, width: null, height: null, embedded: false });
    expect(unread.join(" ")).not.toContain("×");
    expect(unread.at(-1)).toBe("not indexed yet");
  });

  it("tells the place of a photo among all", () => {
    expect(placeWords(11, 1340)).toBe("12 of 1,340");
  });

  it.each([
    [null, "–"],
    [1, "100\u00a0%"],
    [0.384, "38\u00a0%"],
    [0.0345, "3.5\u00a0%"],
  ])("a magnification of %s is %s", (magnification, words) => {
    expect(magnificationWords(magnification)).toBe(words);
  });

  it("names the key of a button, where it has one", () => {
    expect(tip("Favourite", "F")).toBe("Favourite (F)");
    expect(tip("Favourite", null)).toBe("Favourite");
  });

  it("tells where a part of a photo lies", () => {
    expect(regionWords({ left: 0.1, top: 0.25, width: 0.5, height: 0.2 })).toBe(
      "50\u00a0% wide and 20\u00a0% high, 10\u00a0% from the left and 25\u00a0% from the top",
    );
  });
});

describe("words for a photo in German", () => {
  afterEach(() => {
    speech.choice = "system";
    localStorage.clear();
  });

  it("have the numbers and the dates of that language", () => {
    speech.choice = "de";
    expect(taken({ ...PHOTO, takenAt: null, timeSource: "name" })).toBe(
      "3. Mai 2024 (aus dem Dateinamen)",
    );
    expect(exposure({ ...PHOTO, aperture: 2.8, exposureS: 2.5 })).toEqual(["f/2,8", "2,5 s"]);
    expect(placeWords(0, 1340)).toBe("1 von 1.340");
    expect(facts(PHOTO)).toContain("4.000 × 3.000");
  });
});
