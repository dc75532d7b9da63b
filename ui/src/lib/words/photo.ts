/** Words for what is known of a photo. */
import type { Crop, Photo } from "../backend/dto";
import { speech, t } from "../i18n/i18n.svelte";
import { date, dateTime, dimensions, fileSize, number, percent } from "./format";
import { showKeys } from "./keys";

/** With one digit behind the point, where that is not nought. */
function rough(value: number): string {
  return new Intl.NumberFormat(speech.tag, { maximumFractionDigits: 1 }).format(value);
}

/** `UTC+02:00` for 120 minutes. */
export function offset(minutes: number): string {
  if (minutes === 0) return "UTC";
  const two = (value: number): string => String(value).padStart(2, "0");
  const ahead = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}

/** When the photo was taken, and where that comes from if not from the picture. */
export function taken({ takenAt, time, timeSource, utcOffsetMin }: Photo): string {
  switch (timeSource) {
    case "picture": {
      const when = takenAt === null ? date(time) : dateTime(takenAt);
      return utcOffsetMin === null ? when : `${when} ${offset(utcOffsetMin)}`;
    }
    case "name":
      return t("viewer.fromName", { date: date(time) });
    case "file":
      return t("viewer.fromFile", { date: date(time) });
  }
}

/** `1/250 s`, `2.5 s`. */
export function shutter(seconds: number): string {
  return seconds > 0 && seconds < 0.3
    ? `1/${number(Math.round(1 / seconds))} s`
    : `${rough(seconds)} s`;
}

/** How the photo was exposed, fact by fact. */
export function exposure({ iso, aperture, exposureS, focalMm }: Photo): string[] {
  return [
    focalMm === null ? null : `${rough(focalMm)} mm`,
    aperture === null ? null : `f/${rough(aperture)}`,
    exposureS === null ? null : shutter(exposureS),
    iso === null ? null : `ISO ${iso}`,
  ].filter((fact) => fact !== null);
}

/** `Lisbon, Portugal`: the nearest town, and its region where that is another word. */
export function place({ near }: Photo): string | null {
  if (near === null) return null;
  const { city, region, country } = near;
  const parts = [city, region, country].filter((part) => part !== "");
  return t("viewer.near", { place: [...new Set(parts)].join(", ") });
}

/** The file and the camera, fact by fact. */
export function facts(photo: Photo): string[] {
  return [
    taken(photo),
    place(photo),
    photo.width && photo.height ? dimensions(photo.width, photo.height) : null,
    fileSize(photo.size),
    photo.camera,
    photo.lens,
    ...exposure(photo),
    photo.embedded ? null : t("viewer.notIndexed"),
  ].filter((fact) => fact !== null);
}

/** `12 of 340`, for a place that is counted from 0. */
export function placeWords(index: number, all: number): string {
  return t("viewer.place", { at: number(index + 1), all: number(all) });
}

/** `38 %` of the photo's own pixels; a dash until those are known. */
export function magnificationWords(magnification: number | null): string {
  if (magnification === null) return "–";
  const share = magnification * 100;
  return t("viewer.magnification", { percent: share < 10 ? rough(share) : number(share) });
}

/** `Favourite (F)`: what a button does, with the key that does the same. */
export function tip(words: string, keys: string | null): string {
  return keys === null ? words : t("viewer.withKey", { words, key: showKeys(keys) });
}

/** Where a part of a photo lies and how large it is, for who does not see it. */
export function regionWords({ left, top, width, height }: Crop): string {
  const share = (value: number): string => percent(value, 1);
  return t("viewer.cropWords", {
    width: share(width),
    height: share(height),
    left: share(left),
    top: share(top),
  });
}
