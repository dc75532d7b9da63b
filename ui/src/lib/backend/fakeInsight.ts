/** Figures of the vectors, a map of the library, and sidecars, made up. */
import { says, verbatim } from "./backend";
import type { Insight, MapCluster, SidecarNaming, SidecarReport } from "./dto";
import { pathOf } from "./fakeDuplicates";
import { chance, type FakeRecord } from "./fakeListing";
import { POINT_BYTES } from "./photoMap";

/** Fewer photos than this say nothing about vectors. */
const LEAST = 24;

const BARS =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 160" role="img">' +
  "<title>Cosines</title><style>.bar{fill:var(--plot-1,currentColor)}</style>" +
  Array.from(
    { length: 20 },
    (_, i) =>
      `<rect class="bar" x="${16 * i + 2}" y="${150 - 140 * Math.exp(-(((i - 8) / 4) ** 2))}" width="12" height="${140 * Math.exp(-(((i - 8) / 4) ** 2))}"/>`,
  ).join("") +
  '<line x1="0" y1="150.5" x2="320" y2="150.5" stroke="currentColor"/></svg>';

export function fakeInsight(count: number): Insight {
  if (count < LEAST) {
    return { model: "starter", vectors: count, dim: 512, figures: [], warnings: [], plots: [] };
  }
  return {
    model: "starter",
    vectors: count,
    dim: 512,
    figures: [
      {
        name: says("Length"),
        value: verbatim("1.0000 ± 0.0002"),
        meaning: says("The mean and its deviation; all should be 1."),
      },
      {
        name: says("Components for {share} %", { share: "95" }),
        value: verbatim("187"),
        meaning: says("Principal components that explain so much of the variance."),
      },
    ],
    warnings: [
      {
        title: says("Empty vectors"),
        meaning: says(
          "Vectors that are empty: {count}. No search by what they show finds these photos.",
          { count: "3" },
        ),
        remedy: says(
          "Check that these photos can be opened, then have their vectors made again: `afterimage library check`, then `afterimage index`.",
        ),
      },
    ],
    plots: [
      {
        title: says("Cosines of photos"),
        svg: BARS,
        caption: says(
          "Random pairs of photos have a cosine of {unrelated} in the mean, each photo and the nearest other {related}. The less the two overlap, the surer is what looks alike.",
          { unrelated: "0.21", related: "0.74" },
        ),
      },
    ],
  };
}

const NAMES = ["Beach", "Mountain", "City at night", "Dog", "Food", "Birthday party", "Documents"];
const SPREAD = 0.09;

/** A map in the bytes that the shell would send: photos in clusters around a circle. */
export function fakePhotoMap(records: readonly FakeRecord[]): ArrayBuffer {
  const clusters: MapCluster[] = NAMES.map((name, i) => {
    const angle = (i / NAMES.length) * 2 * Math.PI;
    return { name, x: 0.5 + 0.33 * Math.cos(angle), y: 0.5 + 0.33 * Math.sin(angle), count: 0 };
  });
  const points = records.map(({ id }) => {
    const loose = chance(id, 40) < 0.1;
    const at = Math.floor(chance(id, 41) * clusters.length);
    const cluster = clusters[at];
    if (loose || !cluster) return { id, x: chance(id, 42), y: chance(id, 43), at: -1 };
    cluster.count++;
    const far = SPREAD * Math.sqrt(-2 * Math.log(1 - 0.99 * chance(id, 44)));
    const angle = chance(id, 45) * 2 * Math.PI;
    const inside = (value: number): number => Math.max(0, Math.min(1, value));
    return {
      id,
      x: inside(cluster.x + far * Math.cos(angle)),
      y: inside(cluster.y + far * Math.sin(angle)),
      at,
    };
  });
  return encodePhotoMap(points, clusters);
}

export function encodePhotoMap(
  points: readonly { id: number; x: number; y: number; at: number }[],
  clusters: readonly MapCluster[],
): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify({ count: points.length, clusters }));
  const start = Math.ceil((4 + text.length) / 4) * 4;
  const bytes = new Uint8Array(start + points.length * POINT_BYTES);
  bytes.set(text, 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  points.forEach(({ id, x, y, at }, i) => {
    const place = start + i * POINT_BYTES;
    view.setUint32(place, id, true);
    view.setFloat32(place + 4, x, true);
    view.setFloat32(place + 8, y, true);
    view.setInt16(place + 12, at, true);
  });
  return bytes.buffer;
}

/** What sidecars would get of these tags, photo by photo. */
export function fakeSidecars(
  tags: ReadonlyMap<number, readonly string[]>,
  naming: SidecarNaming,
  dryRun: boolean,
): SidecarReport {
  const beside = (photo: number): string =>
    `${naming === "stem" ? pathOf(photo).replace(/\.jpg$/, "") : pathOf(photo)}.xmp`;
  const entries = [...tags];
  const failed = dryRun
    ? []
    : entries
        .filter(([photo]) => photo % 10 === 0)
        .map(([photo]) => ({
          path: beside(photo),
          reason: says("{path} is read-only: make it writable, then write again", {
            path: beside(photo),
          }),
        }));
  return {
    planned: entries.length,
    written: dryRun ? 0 : entries.length - failed.length,
    same: 0,
    failed,
    examples: entries.slice(0, 100).map(([photo, names]) => ({
      path: beside(photo),
      adds: [...names].map(verbatim),
      removes: [],
    })),
  };
}
