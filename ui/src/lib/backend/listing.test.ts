import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeListing } from "./fakeListing";
import { appended, colorAt, decodeListing, firmCount, offlineAt, strengthAt, WHY } from "./listing";

describe("the binary listing", () => {
  // Written out by hand from the format, so that encoder and decoder cannot be wrong alike.
  it("decodes bytes that follow the format", () => {
    const json = '{"count":1,"total":9,"strong":1,"likely":0,"tookMs":8.5,"query":"é"}';
    const header = new TextEncoder().encode(json.padEnd(83, " "));
    expect((4 + header.length) % 8).toBe(0);
    const bytes = new Uint8Array([
      ...[header.length, 0, 0, 0],
      ...header,
      ...[0x01, 0x02, 0x00, 0x00], // id 513
      ...[0x00, 0x00, 0xc0, 0x3f], // aspect 1.5
      ...[0x00, 0x00, 0x80, 0x3e], // score 0.25
      ...[0x12, 0x34, 0xfe, 0b101], // colour, strong and offline
      ...[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x3f], // time 1.5
      ...[0xef, 0xcd, 0xab, 0x89], // version 0x89abcdef
      ...[0b01001, 0x00, 0x00, 0x00], // shown and among the keywords, then nothing
    ]);

    const listing = decodeListing(bytes.buffer);

    expect(listing).toMatchObject({
      count: 1,
      total: 9,
      strong: 1,
      tookMs: 8.5,
      query: "é",
      problems: [],
      offset: 0,
      byDate: false,
    });
    expect([...listing.ids]).toEqual([513]);
    expect([...listing.aspects]).toEqual([1.5]);
    expect([...listing.scores]).toEqual([0.25]);
    expect([...listing.colors]).toEqual([0x1234fe]);
    expect([...listing.times]).toEqual([1.5]);
    expect([...listing.versions]).toEqual([0x89abcdef]);
    expect([...listing.why]).toEqual([WHY.shows | WHY.keywords]);
    expect(strengthAt(listing, 0)).toBe("strong");
    expect(offlineAt(listing, 0)).toBe(true);
    expect(colorAt(listing, 0)).toBe(0x1234fe);
  });

  it("tells a photo whose colour is not known yet from a black one", () => {
    const listing = decodeListing(
      encodeListing([
        { id: 1, color: null },
        { id: 2, color: 0 },
      ]),
    );
    expect(colorAt(listing, 0)).toBeNull();
    expect(colorAt(listing, 1)).toBe(0);
  });

  it("gives back what was encoded", () => {
    const record = fc.record({
      id: fc.integer({ min: 0, max: 0xffff_ffff }),
      aspect: fc.float({ min: Math.fround(0.1), max: 10, noNaN: true }),
      score: fc.float({ min: -1, max: 1, noNaN: true }),
      color: fc.integer({ min: 0, max: 0xffffff }),
      strength: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
      offline: fc.boolean(),
      time: fc.double({ noNaN: true, noDefaultInfinity: true }),
      version: fc.integer({ min: 0, max: 0xffff_ffff }),
      why: fc.integer({ min: 0, max: 63 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 50 }), fc.string(), (records, query) => {
        const listing = decodeListing(encodeListing(records, { query }));
        expect(listing.query).toBe(query);
        expect([...listing.ids]).toEqual(records.map(({ id }) => id));
        expect([...listing.aspects]).toEqual(records.map(({ aspect }) => aspect));
        expect([...listing.scores]).toEqual(records.map(({ score }) => score));
        expect([...listing.colors]).toEqual(records.map(({ color }) => color));
        expect([...listing.times]).toEqual(records.map(({ time }) => time));
        expect([...listing.versions]).toEqual(records.map(({ version }) => version));
        expect([...listing.why]).toEqual(records.map(({ why }) => why));
        records.forEach(({ strength, offline }, i) => {
          expect(strengthAt(listing, i)).toBe(["unscored", "strong", "likely", "weak"][strength]);
          expect(offlineAt(listing, i)).toBe(offline);
        });
      }),
    );
  });

  it("refuses bytes that are not a listing with a sentence", () => {
    const whole = encodeListing([{ id: 1 }, { id: 2 }]);
    for (const broken of [
      new ArrayBuffer(0),
      new ArrayBuffer(3),
      new Uint8Array([255, 255, 255, 255, 1]).buffer,
      new Uint8Array([2, 0, 0, 0, 0x7b, 0x7b]).buffer,
      new Uint8Array([4, 0, 0, 0, ...new TextEncoder().encode("null")]).buffer,
      whole.slice(0, -1),
      whole.slice(0, 20),
    ]) {
      expect(() => decodeListing(broken)).toThrow(/^The list of photos could not be read: .+\.$/);
    }
  });

  it("grows by the next page, and takes no photo twice", () => {
    const first = decodeListing(
      encodeListing([{ id: 1, time: 10 }, { id: 2 }], { total: 5, strong: 4, tookMs: 3 }),
    );
    const second = decodeListing(
      encodeListing(
        [
          { id: 2, time: 99 },
          { id: 3, time: 20, why: WHY.title, aspect: 2 },
        ],
        { total: 6, offset: 2, strong: 5, tookMs: 70 },
      ),
    );
    const whole = appended(first, second);
    expect(whole).toMatchObject({ count: 3, offset: 0, total: 6, strong: 5, tookMs: 3 });
    expect([...whole.ids]).toEqual([1, 2, 3]);
    expect([...whole.times]).toEqual([10, 0, 20]);
    expect([...whole.aspects]).toEqual([1.5, 1.5, 2]);
    expect([...whole.why]).toEqual([0, 0, WHY.title]);
  });

  it("counts the firm matches, and none where nothing is scored", () => {
    const scored = encodeListing([
      { id: 1, strength: 1 },
      { id: 2, strength: 2 },
      { id: 3, strength: 3 },
    ]);
    expect(firmCount(decodeListing(scored))).toBe(2);
    expect(firmCount(decodeListing(encodeListing([{ id: 1, strength: 3 }])))).toBe(0);
    expect(firmCount(decodeListing(encodeListing([{ id: 1 }])))).toBeNull();
    expect(firmCount(decodeListing(encodeListing([])))).toBeNull();
    const inTime = encodeListing([{ id: 1, strength: 1 }], { byDate: true });
    expect(firmCount(decodeListing(inTime))).toBeNull();
  });
});
