import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { says } from "../backend/backend";
import type { PieceKind, Reading } from "../backend/dto";
import { moved, problemAt, runsOf } from "./marks";

const kind = fc.constantFrom<PieceKind>("words", "filter", "excluded", "operator");
const place = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => ({
  from: Math.min(a, b),
  to: Math.max(a, b),
}));
const reading: fc.Arbitrary<Reading> = fc.record({
  pieces: fc.array(fc.tuple(place, kind).map(([at, kind]) => ({ ...at, kind }))),
  problems: fc.array(place.map((at) => ({ ...at, message: says("no") }))),
});

describe("the marks in a query", () => {
  it("are the whole text in its order, whatever the reading says", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), reading, (text, read) => {
        const parts = runsOf(text, read).flatMap((run) => run.parts);
        expect(parts.map((part) => part.text).join("")).toBe(text);
        expect(parts.every((part) => part.text !== "")).toBe(true);
      }),
    );
  });

  it("tell pieces from what lies between, and a problem within its piece", () => {
    const runs = runsOf("a dog date:20x1", {
      pieces: [
        { from: 10, to: 15, kind: "filter" },
        { from: 0, to: 5, kind: "words" },
      ],
      problems: [{ from: 12, to: 14, message: says("no date") }],
    });
    expect(runs).toEqual([
      { kind: "words", parts: [{ text: "a dog", problem: null }] },
      { kind: null, parts: [{ text: " date", problem: null }] },
      {
        kind: "filter",
        parts: [
          { text: ":2", problem: null },
          { text: "0x", problem: 0 },
          { text: "1", problem: null },
        ],
      },
    ]);
  });

  it("show a problem without length on the character before it", () => {
    const read = { pieces: [], problems: [{ from: 5, to: 5, message: says("no value") }] };
    expect(runsOf("date:", read)[0]?.parts.at(-1)).toEqual({ text: ":", problem: 0 });
    expect([3, 4, 5, 6].map((caret) => problemAt(read, caret))).toEqual([-1, 0, 0, -1]);
  });

  it("leave out a problem of the whole query", () => {
    const read = { pieces: [], problems: [{ from: null, to: null, message: says("no model") }] };
    expect(runsOf("dog", read)).toEqual([{ kind: null, parts: [{ text: "dog", problem: null }] }]);
    expect(problemAt(read, 0)).toBe(-1);
  });
});

describe("a reading of the text before", () => {
  const read: Reading = {
    pieces: [
      { from: 0, to: 3, kind: "words" },
      { from: 4, to: 13, kind: "filter" },
    ],
    problems: [],
  };
  const places = (after: string): [number, number][] =>
    moved(read, "dog date:2021", after).pieces.map(({ from, to }) => [from, to]);

  it("moves along with what is typed before, inside and behind a piece", () => {
    expect(places("a dog date:2021")).toEqual([
      [2, 5],
      [6, 15],
    ]);
    expect(places("dogs date:2021")).toEqual([
      [0, 4],
      [5, 14],
    ]);
    expect(places("dog date:2021 x")).toEqual([
      [0, 3],
      [4, 13],
    ]);
    expect(places("dog dte:2021")).toEqual([
      [0, 3],
      [4, 12],
    ]);
  });

  it("stays inside the text, whatever becomes of it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), reading, (before, after, any) => {
        for (const { from, to } of moved(any, before, after).pieces) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(after.length);
        }
      }),
    );
  });
});
