import { describe, expect, it } from "vitest";

import { says } from "../backend/backend";
import type { Exclusions, Root, RootState } from "../backend/dto";
import { bytesOf, kilobytes, patternsOf, shortStateWords, stateWords } from "./folders";

const NOTHING: Exclusions = { patterns: [], hidden: true, noMedia: true, minBytes: 0 };

const root = (state: RootState, reason: string | null = null): Root => ({
  id: 1,
  path: "/home/anna/Pictures",
  state,
  reason: reason === null ? null : says(reason),
  photos: 12,
  exclusions: NOTHING,
});

describe("the state of a folder", () => {
  it.each<[RootState, string, string]>([
    ["online", "", ""],
    ["offline", "Not there", "its drive is not connected, or it was moved. Its photos stay"],
    ["unreadable", "Cannot be read", "not allowed to read this folder. Its photos stay"],
    ["polling", "Checked now and then", "Changes are noticed with some delay."],
  ])("%s: %s", (state, short, whole) => {
    expect(shortStateWords(root(state))).toBe(short);
    expect(stateWords(root(state))).toContain(whole);
    expect(stateWords(root(state)) === "").toBe(whole === "");
  });

  it("has the reason why a folder is polled, as a sentence", () => {
    expect(stateWords(root("polling", "this system cannot watch folders"))).toBe(
      "Changes are noticed with some delay. This system cannot watch folders.",
    );
  });
});

describe("what is typed to be left out", () => {
  it("is one pattern a line, without blanks around it and without empty lines", () => {
    expect(patternsOf("*.png\r\n\n  Trips/raw \n\t\nTwo words\n")).toEqual([
      "*.png",
      "Trips/raw",
      "Two words",
    ]);
    expect(patternsOf(" \n ")).toEqual([]);
  });

  it.each([
    ["", 0],
    ["  ", 0],
    ["20", 20_000],
    ["1.5", 1500],
    ["1,5", 1500],
    ["-3", null],
    ["many", null],
    ["12 kB", null],
  ])("“%s” kilobytes are %s bytes", (typed, bytes) => {
    expect(bytesOf(typed)).toBe(bytes);
  });

  it.each([0, 1, 1500, 20_000])("shows a size of %d bytes as it would be typed", (minBytes) => {
    const typed = kilobytes({ ...NOTHING, minBytes });
    expect(bytesOf(typed)).toBe(minBytes);
    expect(typed === "").toBe(minBytes === 0);
  });
});
