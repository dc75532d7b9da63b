/** What made-up photos say of themselves. */
import type { Photo } from "./dto";
import type { FakeFile } from "./fake";
import type { FakeRecord } from "./fakeListing";

/** As long as names get. */
export const LONG_NAME =
  "Familienurlaub an der Ostsee, Abendspaziergang am Leuchtturm mit Großeltern und Nachbarskindern ".repeat(
    2,
  );
const MANY_WORDS = [LONG_NAME, ...Array.from({ length: 40 }, (_, i) => `keyword ${i + 1}`)];

/** All that is known of a photo of the listing; `stars` is null where nobody rated it. */
export function fakePhoto(
  record: FakeRecord,
  file: FakeFile | undefined,
  stars: number | null,
): Photo {
  const { id } = record;
  const long = id % 13 === 0;
  const said = id % 3 === 0;
  return {
    id,
    root: 1,
    path: `/home/anna/Pictures/2024/${file?.name ?? `IMG_${id}.jpg`}`,
    name: long ? `${LONG_NAME}${id}.jpg` : (file?.name ?? `IMG_${String(id).padStart(4, "0")}.jpg`),
    folder: "/home/anna/Pictures/2024",
    size: file?.bytes ?? 3_482_112,
    time: record.time ?? 0,
    timeSource: id % 7 === 0 ? "name" : id % 11 === 0 ? "file" : "picture",
    takenAt: id % 7 === 0 || id % 11 === 0 ? null : (record.time ?? null),
    utcOffsetMin: id % 2 ? 120 : null,
    width: file?.width ?? 1200,
    height: file?.height ?? Math.round(1200 / (record.aspect ?? 1)),
    camera: id % 2 ? "Fujifilm X-T4" : null,
    lens: id % 2 ? "XF35mmF1.4 R" : null,
    format: "JPEG",
    lat: id % 2 ? 38.7 : null,
    lon: id % 2 ? -9.1 : null,
    iso: id % 2 ? 400 : null,
    aperture: id % 2 ? 2.8 : null,
    focalMm: id % 2 ? 35 : null,
    exposureS: id % 2 ? 0.004 : null,
    title: said ? (long ? LONG_NAME : "Evening at the river") : null,
    description: said
      ? long
        ? LONG_NAME.repeat(4)
        : "The last ferry of the day, seen from the terrace."
      : null,
    keywords: said ? ["river", "ferry", "Lisbon", ...(long ? MANY_WORDS : [])] : [],
    hierarchicalKeywords: said ? ["Places|Portugal|Lisbon"] : [],
    rating: stars,
    label: said ? "Green" : null,
    favourite: record.favourite ?? false,
    near: id % 2 ? { city: "Lisbon", region: "Lisbon", country: "Portugal" } : null,
    offline: record.offline ?? false,
    embedded: true,
  };
}

/** What the photo's file says of itself. */
export function fileStars(id: number): number | null {
  return id % 3 === 0 ? 4 : id % 10 === 0 ? -1 : null;
}
