import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  alone,
  clicked,
  everything,
  following,
  moved,
  NOTHING_CHOSEN,
  type Chosen,
  within,
  without,
} from "./choosing";

const IDS = [1, 2, 3, 4, 5];
const NOTHING = { shift: false, control: false };
const SHIFT = { shift: true, control: false };
const CONTROL = { shift: false, control: true };
const chosen = ({ chosen: ids }: Chosen): number[] => [...ids].sort((a, b) => a - b);

describe("choosing by pointer", () => {
  it("chooses one alone", () => {
    expect(chosen(clicked(alone(1), IDS, 3, NOTHING))).toEqual([3]);
  });

  it("adds and takes away with Control", () => {
    const two = clicked(alone(1), IDS, 3, CONTROL);
    expect(chosen(two)).toEqual([1, 3]);
    expect(chosen(clicked(two, IDS, 1, CONTROL))).toEqual([3]);
  });

  it("reaches with Shift from where it began, in both directions", () => {
    const down = clicked(alone(3), IDS, 5, SHIFT);
    expect(chosen(down)).toEqual([3, 4, 5]);
    expect(chosen(clicked(down, IDS, 1, SHIFT))).toEqual([1, 2, 3]);
  });

  it("adds a range with both", () => {
    const two = clicked(alone(1), IDS, 4, CONTROL);
    expect(chosen(clicked(two, IDS, 5, { shift: true, control: true }))).toEqual([1, 4, 5]);
  });
});

describe("choosing by keys", () => {
  it("chooses what it comes to, reaches with Shift, and only goes there with Control", () => {
    expect(chosen(moved(alone(2), IDS, 3, NOTHING))).toEqual([3]);
    expect(chosen(moved(moved(alone(2), IDS, 3, SHIFT), IDS, 4, SHIFT))).toEqual([2, 3, 4]);
    const there = moved(alone(2), IDS, 4, CONTROL);
    expect([chosen(there), there.current]).toEqual([[2], 4]);
  });

  it("begins at what it comes to where nothing was chosen", () => {
    expect(chosen(moved(NOTHING_CHOSEN, IDS, 2, SHIFT))).toEqual([2]);
  });

  it("chooses all", () => {
    expect(chosen(everything(NOTHING_CHOSEN, IDS))).toEqual(IDS);
    expect(everything(NOTHING_CHOSEN, IDS).current).toBe(1);
  });
});

describe("a list that has changed", () => {
  it("keeps what is still in it", () => {
    const left = within(clicked(alone(1), IDS, 3, CONTROL), [1, 2]);
    expect([chosen(left), left.current, left.anchor]).toEqual([[1], null, null]);
  });

  it("goes on behind what is gone, or else before it", () => {
    expect(following(IDS, [2, 3])).toBe(4);
    expect(following(IDS, [1, 4])).toBe(5);
    expect(following(IDS, [4, 5])).toBe(3);
    expect(following(IDS, IDS)).toBeNull();
  });

  it("goes on with a photo that stays, whatever goes", () => {
    const id = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1 }), fc.array(id), (ids, gone) => {
        const next = following(ids, gone);
        const left = without(
          ids.map((one) => ({ id: one })),
          gone,
        ).map((one) => one.id);
        expect(next === null ? left : left.includes(next)).toEqual(next === null ? [] : true);
      }),
    );
  });
});
