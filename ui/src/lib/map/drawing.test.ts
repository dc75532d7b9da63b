import { describe, expect, it } from "vitest";

import { chance } from "../backend/fakeListing";
import { type Camera, onView, type Screen, toScreen, WHOLE, zoomed } from "./camera";
import { type Dots, dotSize, drawDots, mixed, pixel } from "./dots";
import { labels } from "./labels";
import { MOST_PICTURES, spaced } from "./spaced";
import { SpatialGrid } from "./spatial";

const SCREEN: Screen = { width: 1000, height: 700 };

function cloud(count: number) {
  const x = Float32Array.from({ length: count }, (_, i) => chance(i, 1));
  const y = Float32Array.from({ length: count }, (_, i) => chance(i, 2));
  return { x, y, grid: new SpatialGrid(x, y) };
}

describe("names on the map", () => {
  const cluster = (name: string, x: number, count: number) => ({ name, x, y: 0.5, count });
  const placing = {
    place: ({ x, y }: { x: number; y: number }) => ({ x: x * 1000, y: y * 700 }),
    width: (name: string) => name.length * 8,
    height: 15,
    screen: SCREEN,
  };
  const shown = (...clusters: Parameters<typeof cluster>[]): string[] =>
    labels(
      clusters.map((one) => cluster(...one)),
      placing,
    ).map((label) => label.cluster.name);

  it("stand where they cover no other, the largest first", () => {
    expect(shown(["Beach", 0.5, 10], ["Dogs", 0.51, 90], ["Food", 0.9, 5])).toEqual([
      "Dogs",
      "Food",
    ]);
  });

  it("are left out beyond the screen, and where there is none", () => {
    expect(shown(["Beach", 1.5, 10], ["", 0.2, 5])).toEqual([]);
  });
});

describe("pictures on the map", () => {
  const { x, y, grid } = cloud(100_000);
  const near: Camera = zoomed(WHOLE, SCREEN, 8, { x: 500, y: 350 });
  const at = (camera: Camera): number[] => spaced(grid, x, y, camera, SCREEN, 90);

  it("are none as long as the map is whole", () => {
    expect(at(WHOLE)).toEqual([]);
  });

  it("are there from the start where photos are few", () => {
    const few = cloud(120);
    expect(spaced(few.grid, few.x, few.y, WHOLE, SCREEN, 90).length).toBeGreaterThan(10);
  });

  it("are some hundred at most, of the part on view", () => {
    const large = { width: 2560, height: 1440 };
    const found = spaced(grid, x, y, near, large, 40);
    expect(found.length).toBeGreaterThan(50);
    expect(found.length).toBeLessThanOrEqual(MOST_PICTURES);
    const bounds = onView(near, SCREEN, 90);
    for (const index of at(near)) {
      expect(x[index]).toBeGreaterThanOrEqual(bounds.left);
      expect(y[index]).toBeLessThanOrEqual(bounds.bottom);
    }
  });

  it("stay the same while the map is moved", () => {
    const moved = { ...near, x: near.x + 0.01 };
    const inner = (index: number): boolean => {
      const place = toScreen(near, SCREEN, { x: x[index] ?? 0, y: y[index] ?? 0 });
      return place.x > 250 && place.x < 750 && place.y > 250 && place.y < 450;
    };
    const before = at(near).filter(inner);
    expect(before.length).toBeGreaterThan(4);
    expect(at(moved)).toEqual(expect.arrayContaining(before));
  });
});

describe("dots", () => {
  const [ground, tone] = [pixel("#111214"), pixel("#a3a8b0")];
  const one = (x: number, y: number): Dots => ({
    grid: new SpatialGrid(Float32Array.of(x), Float32Array.of(y)),
    x: Float32Array.of(x),
    y: Float32Array.of(y),
    tone: Uint8Array.of(0),
    tones: Uint32Array.of(tone),
    ground,
  });

  it("are colours as pixels have them", () => {
    expect(pixel("#123456")).toBe(0xff563412);
    expect(mixed(pixel("#000000"), pixel("#ffffff"), 0)).toBe(0xff000000);
    expect(mixed(pixel("#000000"), pixel("#ffffff"), 1)).toBe(0xffffffff);
    expect(mixed(pixel("#000000"), pixel("#804020"), 0.5)).toBe(pixel("#402010"));
  });

  it("lie where their photos are, on the ground", () => {
    const pixels = new Uint32Array(100 * 80);
    drawDots(pixels, 100, 80, 1, WHOLE, one(0.5, 0.5));
    const size = dotSize(WHOLE, 1, 1);
    const set = [...pixels.keys()].filter((at) => pixels[at] === tone);
    expect(set).toHaveLength(size * size);
    for (const at of set) {
      expect(Math.abs((at % 100) - 50)).toBeLessThanOrEqual(size);
      expect(Math.abs(Math.floor(at / 100) - 40)).toBeLessThanOrEqual(size);
    }
    expect(pixels[0]).toBe(ground);
  });

  it("end at the edges, and never come in at the other side", () => {
    const pixels = new Uint32Array(100 * 80);
    const edge: Camera = { x: 0, y: 0.5, zoom: 1 };
    drawDots(pixels, 100, 80, 2, { ...edge, x: 50 / (80 * 0.88) }, one(0, 0.5));
    const columns = new Set(
      [...pixels.keys()].filter((at) => pixels[at] === tone).map((at) => at % 100),
    );
    expect(columns.size).toBeGreaterThan(0);
    for (const column of columns) expect(column).toBeLessThan(dotSize(WHOLE, 2, 1));
  });

  it("grow as one comes closer", () => {
    const size = (zoom: number, ratio: number, count: number): number =>
      dotSize({ ...WHOLE, zoom }, ratio, count);
    expect(size(1, 1, 100_000)).toBeLessThan(size(100, 1, 100_000));
    expect(size(1, 2, 100_000)).toBeGreaterThan(size(1, 1, 100_000));
    expect(size(1, 1, 100)).toBeGreaterThan(size(1, 1, 100_000));
  });

  it("are drawn a hundred thousand at a time, far within the time of a frame or so", () => {
    const { x, y, grid } = cloud(100_000);
    const dots: Dots = {
      grid,
      x,
      y,
      tone: new Uint8Array(x.length),
      tones: Uint32Array.of(tone),
      ground,
    };
    const pixels = new Uint32Array(1920 * 1080);
    drawDots(pixels, 1920, 1080, 1, WHOLE, dots);
    const begun = performance.now();
    for (let i = 0; i < 10; i++) drawDots(pixels, 1920, 1080, 1, WHOLE, dots);
    // 16 ms is a frame; a machine at work elsewhere is slower.
    expect((performance.now() - begun) / 10).toBeLessThan(60);
  });
});
