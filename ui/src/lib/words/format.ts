/** Numbers, sizes, times and plurals as people of the system's locale write them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const plural = new Intl.PluralRules("en");

// The camera's wall clock is stored as if it were UTC, so UTC shows it as the camera did.
const long = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat(undefined, {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  year: "numeric",
  month: "long",
  day: "numeric",
  timeZone: "UTC",
});
const year = new Intl.DateTimeFormat(undefined, { year: "numeric", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "long",
  timeZone: "UTC",
});

export function number(value: number): string {
  return whole.format(value);
}

/** `1 photo`, `1,200 photos`. */
export function count(value: number, one: string, many: string): string {
  return `${number(value)} ${plural.select(value) === "one" ? one : many}`;
}

export function photos(value: number): string {
  return count(value, "photo", "photos");
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** A number of bytes, in decimal units as file browsers show them. */
export function fileSize(bytes: number): string {
  const unit = unitOf(bytes);
  return `${inUnit(bytes, unit)} ${UNITS[unit] ?? ""}`;
}

/** `212 of 607 MB`: a part of a number of bytes in the unit of the whole. */
export function fileSizePart(done: number, total: number): string {
  return `${inUnit(Math.min(done, total), unitOf(total))} of ${fileSize(total)}`;
}

function unitOf(bytes: number): number {
  const power = UNITS.findIndex((_, i) => bytes < 999.5 * 1000 ** i);
  return power < 0 ? UNITS.length - 1 : power;
}

function inUnit(bytes: number, unit: number): string {
  const value = bytes / 1000 ** unit;
  return (unit > 1 && value < 100 ? rough : whole).format(value);
}

/** `61 %`, and 100 only when it is all. */
export function percent(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  return `${number(Math.floor(share * 100))}\u00a0%`;
}

/** Milliseconds, never shown as nothing at all. */
export function milliseconds(value: number): string {
  return value < 1 ? "< 1 ms" : `${number(value)} ms`;
}

export function rate(photosPerSecond: number): string {
  const digits = photosPerSecond < 10 ? rough : whole;
  return `${digits.format(photosPerSecond)} photos/s`;
}

/** `3 min left`: no finer than an estimate can be. */
export function timeLeft(seconds: number): string {
  if (seconds < 50) return "less than a minute left";
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 90) return `${number(minutes)} min left`;
  const hours = Math.floor(minutes / 60);
  // Ten minutes are as fine as hours can be foretold.
  const rest = Math.round((minutes % 60) / 10) * 10;
  if (hours >= 10 || rest === 0 || rest === 60) {
    return `${number(Math.round(minutes / 60))} h left`;
  }
  return `${number(hours)} h ${number(rest)} min left`;
}

/** The same for a download, which ends almost to the second. */
export function downloadTimeLeft(seconds: number): string {
  return seconds < 90 ? `${number(Math.max(1, Math.ceil(seconds)))} s left` : timeLeft(seconds);
}

/** When something is tried again. */
export function nextTry(seconds: number): string {
  const rounded = Math.max(1, Math.ceil(seconds));
  return rounded < 90
    ? `Trying again in ${number(rounded)} s.`
    : `Trying again in ${number(Math.ceil(rounded / 60))} min.`;
}

export function date(unixSeconds: number): string {
  return long.format(unixSeconds * 1000);
}

export function dateTime(unixSeconds: number): string {
  return minute.format(unixSeconds * 1000);
}

/** A day with its weekday. */
export function day(unixSeconds: number): string {
  return weekday.format(unixSeconds * 1000);
}

export function yearOf(unixSeconds: number): string {
  return year.format(unixSeconds * 1000);
}

export function monthOf(unixSeconds: number): string {
  return month.format(unixSeconds * 1000);
}

export function dimensions(width: number, height: number): string {
  return `${number(width)} × ${number(height)}`;
}

/** The last part of a path, of either kind of separator; the path itself when it is a root. */
export function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}

/**
 * What the engine words to stand behind something else, as a sentence of its own. A file's name at
 * its start, or an address, stays as it is.
 */
export function sentence(words: string): string {
  const whole = words.replace(/^\p{Ll}(?=\p{L}*(?:[\s,;]|:(?!\/\/)|$))/u, (letter) =>
    letter.toUpperCase(),
  );
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
