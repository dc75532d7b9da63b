import { describe, expect, it } from "vitest";

import { Linked } from "./linked.svelte";
import { Zoom } from "./zoom.svelte";

function zoomed(width: number, height: number): Zoom {
  const zoom = new Zoom();
  zoom.measure(500, 500, 1);
  zoom.see({ width, height }, true);
  return zoom;
}

/** A large photo, and a smaller one of another shape. */
function pair(): { linked: Linked; one: Zoom; other: Zoom } {
  const linked = new Linked();
  const one = zoomed(4000, 4000);
  const other = zoomed(2000, 1000);
  linked.add(one);
  linked.add(other);
  return { linked, one, other };
}

describe("photos that are zoomed together", () => {
  it("show the same part of each, whatever their size and shape", () => {
    const { linked, one, other } = pair();
    one.by(4, { x: 100, y: 0 });
    linked.moved(one, false);
    expect(other.scale).toBe(4);
    expect(other.place.x).toBeCloseTo(one.place.x);
    other.pan(-40, 10);
    linked.moved(other, false);
    expect(one.place.x).toBeCloseTo(other.place.x);
    expect(one.place.y).toBeCloseTo(other.place.y);
  });

  it("stay as far apart as one was moved alone", () => {
    const { linked, one, other } = pair();
    one.by(4);
    linked.moved(one, false);
    other.pan(-100, 0);
    linked.moved(other, true);
    expect(one.x).toBe(0);
    const apart = other.place.x - one.place.x;
    expect(apart).toBeLessThan(0);
    one.pan(60, 0);
    linked.moved(one, false);
    expect(other.place.x - one.place.x).toBeCloseTo(apart);
  });

  it("stand alike again once they are seen whole", () => {
    const { linked, one, other } = pair();
    one.by(4);
    linked.moved(one, false);
    other.pan(-100, 0);
    linked.moved(other, true);
    one.reset();
    linked.moved(one, false);
    expect(other.whole).toBe(true);
    one.by(2);
    linked.moved(one, false);
    expect(other.place).toEqual(one.place);
  });

  it("each go their own way while they are not linked", () => {
    const { linked, one, other } = pair();
    linked.on = false;
    one.by(4);
    linked.moved(one, false);
    expect(other.whole).toBe(true);
  });

  it("leave alone what was taken out", () => {
    const { linked, one, other } = pair();
    linked.remove(other);
    one.by(4);
    linked.moved(one, false);
    expect(other.whole).toBe(true);
  });
});
