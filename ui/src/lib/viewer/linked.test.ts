import { describe, expect, it } from "vitest";

import { Linked } from "./linked";
import type { Zoom } from "./zoom.svelte";

/** A large photo, 1, and a smaller one of another shape, 2. */
function pair(): { linked: Linked; one: Zoom; other: Zoom } {
  const linked = new Linked();
  const joined = (photo: number, width: number, height: number): Zoom => {
    const zoom = linked.of(photo);
    zoom.measure(500, 500, 1);
    zoom.see({ width, height }, true);
    return zoom;
  };
  return { linked, one: joined(1, 4000, 4000), other: joined(2, 2000, 1000) };
}

describe("photos that are zoomed together", () => {
  it("show the same part of each, whatever their size and shape", () => {
    const { linked, one, other } = pair();
    one.by(4, { x: 100, y: 0 });
    linked.moved(1, false);
    expect(other.scale).toBe(4);
    expect(other.place.x).toBeCloseTo(one.place.x);
    other.pan(-40, 10);
    linked.moved(2, false);
    expect(one.place.x).toBeCloseTo(other.place.x);
    expect(one.place.y).toBeCloseTo(other.place.y);
  });

  it("stay as far apart as one was moved alone", () => {
    const { linked, one, other } = pair();
    one.by(4);
    linked.moved(1, false);
    other.pan(-100, 0);
    linked.moved(2, true);
    expect(one.x).toBe(0);
    const apart = other.place.x - one.place.x;
    expect(apart).toBeLessThan(0);
    one.pan(60, 0);
    linked.moved(1, false);
    expect(other.place.x - one.place.x).toBeCloseTo(apart);
  });

  it("stand alike again once they are seen whole", () => {
    const { linked, one, other } = pair();
    one.by(4);
    linked.moved(1, false);
    other.pan(-100, 0);
    linked.moved(2, true);
    one.reset();
    linked.moved(1, false);
    expect(other.whole).toBe(true);
    one.by(2);
    linked.moved(1, false);
    expect(other.place).toEqual(one.place);
  });

  it("leave alone what was taken out", () => {
    const { linked, one, other } = pair();
    linked.drop(2);
    one.by(4);
    linked.moved(1, false);
    expect(other.whole).toBe(true);
  });
});
