/** Words for what is known of a photo. */
import type { Crop, Photo } from "../backend/dto";
import { date, dateTime, dimensions, fileSize, percent } from "./format";

const digits = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

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
      return `${date(time)} (from the file name)`;
    case "file":
      return `${date(time)} (date of the file)`;
  }
}

/** `1/250 s`, `2.5 s`. */
export function shutter(seconds: number): string {
  return seconds > 0 && seconds < 0.3
    ? `1/${Math.round(1 / seconds)} s`
    : `${digits.format(seconds)} s`;
}

/** How the photo was exposed, fact by fact. */
export function exposure({ iso, aperture, exposureS, focalMm }: Photo): string[] {
  return [
    focalMm === null ? null : `${digits.format(focalMm)} mm`,
    aperture === null ? null : `f/${digits.format(aperture)}`,
    exposureS === null ? null : shutter(exposureS),
    iso === null ? null : `ISO ${iso}`,
  ].filter((fact) => fact !== null);
}

/** `Lisbon, Portugal`: the nearest town, and its region where that is another word. */
export function place({ near }: Photo): string | null {
  if (near === null) return null;
  const { city, region, country } = near;
  const parts = [city, region, country].filter((part) => part !== "");
  return `near ${[...new Set(parts)].join(", ")}`;
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
    photo.embedded ? null : "not indexed yet",
  ].filter((fact) => fact !== null);
}

/** A rating in words, for who does not see the stars; null where there is none. */
export function ratingWords(rating: number | null): string | null {
  if (rating === null || rating === 0) return null;
  if (rating < 0) return "Rejected";
  return rating === 1 ? "1 star" : `${rating} stars`;
}

/** Where a part of a photo lies and how large it is, for who does not see it. */
export function regionWords({ left, top, width, height }: Crop): string {
  const [x, y, wide, high] = [left, top, width, height].map((share) => percent(share, 1));
  return `${wide} wide and ${high} high, ${x} from the left and ${y} from the top`;
}
