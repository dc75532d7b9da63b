import { describe, expect, it } from "vitest";

import { WHY } from "../backend/listing";
import { exampleWords, feedbackWords, strictnessStop, STRICTNESS_STOPS, whyWords } from "./search";

describe("why a photo was found", () => {
  it.each([
    [0, null],
    [WHY.shows, null],
    [WHY.name, "Found by its name"],
    [WHY.shows | WHY.keywords, "Found by what it shows and its keywords"],
    [
      WHY.title | WHY.description | WHY.folder,
      "Found by its title, its description, and its folder",
    ],
  ])("%i", (why, words) => {
    expect(whyWords(why)).toBe(words);
  });
});

describe("the stops of strictness", () => {
  it("are found again by their values, and the nearest by any other", () => {
    expect(STRICTNESS_STOPS.map(({ value }) => strictnessStop(value))).toEqual([0, 1, 2, 3, 4]);
    expect([0.3, -1, 7].map(strictnessStop)).toEqual([1, 0, 4]);
  });
});

describe("an example", () => {
  it("is called by its name, or what it is", () => {
    const crop = { left: 0, top: 0, width: 0.5, height: 0.5 };
    expect(exampleWords({ example: { kind: "photo", photo: 1, crop: null }, name: "a.jpg" })).toBe(
      "Similar to a.jpg",
    );
    expect(exampleWords({ example: { kind: "photo", photo: 1, crop }, name: "" })).toBe(
      "Similar to a part of a photo",
    );
    expect(exampleWords({ example: { kind: "pasted", picture: 1, crop: null }, name: "" })).toBe(
      "Similar to the pasted picture",
    );
    expect(feedbackWords({ photo: 1, name: "a.jpg" }, false)).toBe("Less like a.jpg");
  });
});
