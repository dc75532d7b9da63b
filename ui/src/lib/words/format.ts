/** Numbers, sizes, times and plurals as people of the system's locale write them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const plural = new Intl.PluralRules("en");

// The camera's wall clock is stored as if it were UTC, so UTC shows it as the camera did.
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat(undefined, {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});
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

/** A number of bytes, in decimal units as file browsers show them. */
export function fileSize(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${(unit > 1 && value < 100 ? rough : whole).format(value)} ${units[unit] ?? ""}`;
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

export function date(unixSeconds: number): string {
  return day.format(unixSeconds * 1000);
}

export function dateTime(unixSeconds: number): string {
  return minute.format(unixSeconds * 1000);
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
