import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Crop } from "../backend/dto";
import { inWindow, LEAST_PX, Region, upright } from "./crop.svelte";
import { type Rect, Zoom } from "./zoom.svelte";

const FRAME = { width: 1000, height: 800 };
/** A photo of 2 : 1, fitted: 150 pixels of ground above and below. */
const PHOTO: Rect = { left: 0, top: 150, width: 1000, height: 500 };

function drawn(from: [number, number], to: [number, number], photo = PHOTO): Region {
  const region = new Region();
  region.press({ x: from[0], y: from[1] }, photo);
  region.drag({ x: to[0], y: to[1] }, photo);
  region.release();
  return region;
}

describe("a region that is drawn", () => {
  it("is kept in fractions of the photo", () => {
    const region = drawn([100, 200], [600, 400]);
    expect(region.crop).toEqual({ left: 0.1, top: 0.1, width: 0.5, height: 0.4 });
    expect(inWindow(region.crop as Crop, PHOTO)).toEqual({
      left: 100,
      top: 200,
      width: 500,
      height: 200,
    });
  });

  it("is the same whichever corner it is begun at", () => {
    const wanted = drawn([100, 200], [600, 400]).crop as Crop;
    const other = drawn([600, 400], [100, 200]).crop as Crop;
    for (const side of ["left", "top", "width", "height"] as const) {
      expect(other[side]).toBeCloseTo(wanted[side]);
    }
  });

  it("lies on what it was drawn around, however the photo is zoomed and moved", () => {
    const zoom = new Zoom();
    zoom.measure(FRAME.width, FRAME.height, 1);
    zoom.see({ width: 2000, height: 1000 }, true);
    expect(zoom.rect).toEqual(PHOTO);
    zoom.by(4, { x: 300, y: -50 });
    zoom.pan(-120, 40);
    const placed = zoom.rect;
    // The same two points of the photo, where they are in the window now.
    const at = (x: number, y: number): [number, number] => [
      placed.left + x * placed.width,
      placed.top + y * placed.height,
    ];
    const region = drawn(at(0.7, 0.2), at(0.8, 0.45), placed).crop as Crop;
    expect(region.left).toBeCloseTo(0.7);
    expect(region.top).toBeCloseTo(0.2);
    expect(region.width).toBeCloseTo(0.1);
    expect(region.height).toBeCloseTo(0.25);
  });

  it("ends at the photo's edge", () => {
    expect(drawn([900, 600], [1400, 900]).crop).toEqual({
      left: 0.9,
      top: 0.9,
      width: 0.09999999999999998,
      height: 0.09999999999999998,
    });
  });

  it("is not made by a click, and a click leaves the one that is there", () => {
    expect(drawn([100, 200], [102, 201]).crop).toBeNull();
    const region = drawn([100, 200], [600, 400]);
    region.press({ x: 800, y: 600 }, PHOTO);
    region.drag({ x: 801, y: 601 }, PHOTO);
    region.release();
    expect(region.crop).toMatchObject({ left: 0.1, width: 0.5 });
  });

  it("is moved by what is inside of it", () => {
    const region = drawn([100, 200], [600, 400]);
    region.press({ x: 300, y: 300 }, PHOTO);
    region.drag({ x: 400, y: 350 }, PHOTO);
    region.release();
    expect(region.crop?.left).toBeCloseTo(0.2);
    expect(region.crop?.top).toBeCloseTo(0.2);
    expect(region.crop).toMatchObject({ width: 0.5, height: 0.4 });
  });

  it("is sized by a corner, the corner across staying", () => {
    const region = drawn([100, 200], [600, 400]);
    region.press({ x: 104, y: 197 }, PHOTO);
    region.drag({ x: 300, y: 250 }, PHOTO);
    region.release();
    const rect = inWindow(region.crop as Crop, PHOTO);
    expect(rect.left).toBeCloseTo(300);
    expect(rect.top).toBeCloseTo(250);
    expect(rect.left + rect.width).toBeCloseTo(600);
    expect(rect.top + rect.height).toBeCloseTo(400);
  });

  it("is as before where the pointer was taken away", () => {
    const region = drawn([100, 200], [600, 400]);
    const before = region.crop;
    region.press({ x: 700, y: 500 }, PHOTO);
    region.drag({ x: 900, y: 600 }, PHOTO);
    region.cancel();
    expect(region.crop).toEqual(before);
    region.drag({ x: 300, y: 300 }, PHOTO);
    expect(region.crop).toEqual(before);
  });
});

describe("a region by keys", () => {
  it("begins in the middle of what is seen of the photo", () => {
    const region = new Region();
    region.step(1, 0, false, PHOTO, FRAME);
    expect(region.crop).toEqual({ left: 0.25, top: 0.25, width: 0.5, height: 0.5 });

    // The left upper quarter of a photo fills the window.
    const near = new Region();
    near.step(0, 1, false, { left: 0, top: 0, width: 2000, height: 1600 }, FRAME);
    expect(near.crop).toEqual({ left: 0.125, top: 0.125, width: 0.25, height: 0.25 });
  });

  it("moves by 8 pixels, and with Shift is sized by as many", () => {
    const region = new Region();
    region.step(1, 0, false, PHOTO, FRAME);
    region.step(-1, 0, false, PHOTO, FRAME);
    region.step(0, 1, false, PHOTO, FRAME);
    let rect = inWindow(region.crop as Crop, PHOTO);
    expect(rect).toMatchObject({ left: 242, width: 500, height: 250 });
    expect(rect.top).toBeCloseTo(150 + 125 + 8);
    region.step(1, 0, true, PHOTO, FRAME);
    region.step(0, -1, true, PHOTO, FRAME);
    rect = inWindow(region.crop as Crop, PHOTO);
    expect(rect.width).toBeCloseTo(508);
    expect(rect.height).toBeCloseTo(242);
  });

  it("grows the other way once it is at the photo's edge", () => {
    const region = drawn([900, 200], [1000, 400]);
    region.step(1, 0, true, PHOTO, FRAME);
    const rect = inWindow(region.crop as Crop, PHOTO);
    expect(rect.left).toBeCloseTo(892);
    expect(rect.width).toBeCloseTo(108);
  });
});

describe("whatever is done to a region", () => {
  it("it stays inside the photo and no side is shorter than 24 pixels", () => {
    const photos = fc.record({
      left: fc.integer({ min: -3000, max: 300 }),
      top: fc.integer({ min: -3000, max: 300 }),
      width: fc.integer({ min: 30, max: 8000 }),
      height: fc.integer({ min: 30, max: 8000 }),
    });
    const point = fc.record({
      x: fc.integer({ min: -100, max: 1100 }),
      y: fc.integer({ min: -100, max: 900 }),
    });
    const deed = fc.oneof(
      fc.record({ from: point, to: point }),
      fc.record({
        x: fc.integer({ min: -40, max: 40 }),
        y: fc.integer({ min: -40, max: 40 }),
        sizing: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(photos, fc.array(deed, { maxLength: 20 }), (photo, deeds) => {
        const region = new Region();
        for (const each of deeds) {
          if ("from" in each) {
            region.press(each.from, photo);
            region.drag(each.to, photo);
            region.release();
          } else region.step(each.x, each.y, each.sizing, photo, FRAME);
          if (region.crop === null) continue;
          const { left, top, width, height } = region.crop;
          expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
          expect(left + width).toBeLessThanOrEqual(1 + 1e-9);
          expect(top + height).toBeLessThanOrEqual(1 + 1e-9);
          expect(width * photo.width).toBeGreaterThanOrEqual(LEAST_PX - 1e-6);
          expect(height * photo.height).toBeGreaterThanOrEqual(LEAST_PX - 1e-6);
        }
      }),
    );
  });

  it("of a photo that is narrower than that, it is all of it", () => {
    const narrow = { left: 0, top: 390, width: 1000, height: 20 };
    expect(drawn([100, 395], [300, 398], narrow).crop).toMatchObject({ top: 0, height: 1 });
  });
});

describe("a part of a view that is turned", () => {
  const CORNER: Crop = { left: 0, top: 0, width: 0.2, height: 0.1 };

  it.each([
    // What is at the left upper corner after a turn to the right was at the left lower one.
    [0, { left: 0, top: 0, width: 0.2, height: 0.1 }],
    [1, { left: 0, top: 0.8, width: 0.1, height: 0.2 }],
    [2, { left: 0.8, top: 0.9, width: 0.2, height: 0.1 }],
    [3, { left: 0.9, top: 0, width: 0.1, height: 0.2 }],
  ])("is the same part of the upright photo, after %d quarters", (turns, wanted) => {
    const found = upright(CORNER, turns);
    for (const side of ["left", "top", "width", "height"] as const) {
      expect(found[side]).toBeCloseTo(wanted[side]);
    }
  });
});
