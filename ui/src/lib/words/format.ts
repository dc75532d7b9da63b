/** Numbers, sizes, times and lists as people write them in the language that the window speaks. */
import type { Message } from "../backend/dto";
import { speech, t } from "../i18n/i18n.svelte";
import { said } from "../i18n/said";

/** The formats of one language, made once. */
interface Formats {
  whole: Intl.NumberFormat;
  rough: Intl.NumberFormat;
  long: Intl.DateTimeFormat;
  minute: Intl.DateTimeFormat;
  weekday: Intl.DateTimeFormat;
  year: Intl.DateTimeFormat;
  month: Intl.DateTimeFormat;
  conjunction: Intl.ListFormat;
}

const made = new Map<string, Formats>();

function formats(): Formats {
  const { tag } = speech;
  let known = made.get(tag);
  if (known === undefined) {
    known = formatsOf(tag);
    made.set(tag, known);
  }
  return known;
}

function formatsOf(tag: string): Formats {
  // The camera's wall clock is stored as if it were UTC, so UTC shows it as the camera did.
  const dates = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(tag, { ...options, timeZone: "UTC" });
  return {
    whole: new Intl.NumberFormat(tag, { maximumFractionDigits: 0 }),
    rough: new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }),
    long: dates({ dateStyle: "long" }),
    minute: dates({ dateStyle: "long", timeStyle: "short" }),
    weekday: dates({ weekday: "short", year: "numeric", month: "long", day: "numeric" }),
    year: dates({ year: "numeric" }),
    month: dates({ year: "numeric", month: "long" }),
    conjunction: new Intl.ListFormat(tag, { type: "conjunction" }),
  };
}

export function number(value: number): string {
  return formats().whole.format(value);
}

/** With one digit behind the point, where it has some. */
export function decimal(value: number): string {
  return formats().rough.format(value);
}

/** `1 photo`, `1,200 photos`. */
export function photos(count: number): string {
  return t("words.photos", { count });
}

/** `a, b and c`. */
export function conjunction(parts: readonly string[]): string {
  return formats().conjunction.format(parts);
}

const UNITS = ["words.bytes", "words.kB", "words.MB", "words.GB", "words.TB"] as const;

/** A number of bytes, in decimal units as file browsers show them. */
export function fileSize(bytes: number): string {
  const unit = unitOf(bytes);
  return t(UNITS[unit] ?? "words.bytes", { size: inUnit(bytes, unit) });
}

/** `212 of 607 MB`: a part of a number of bytes in the unit of the whole. */
export function fileSizePart(done: number, total: number): string {
  const part = inUnit(Math.min(done, total), unitOf(total));
  return t("words.partOf", { part, whole: fileSize(total) });
}

function unitOf(bytes: number): number {
  const power = UNITS.findIndex((_, i) => bytes < 999.5 * 1000 ** i);
  return power < 0 ? UNITS.length - 1 : power;
}

function inUnit(bytes: number, unit: number): string {
  const value = bytes / 1000 ** unit;
  const { rough, whole } = formats();
  return (unit > 1 && value < 100 ? rough : whole).format(value);
}

/** `61 %`, and 100 only when it is all. */
export function percent(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  return `${number(Math.floor(share * 100))}\u00a0%`;
}

/** Milliseconds, never shown as nothing at all. */
export function milliseconds(value: number): string {
  return value < 1 ? t("words.lessThanMs") : t("words.ms", { value: number(value) });
}

export function rate(photosPerSecond: number): string {
  const { rough, whole } = formats();
  const digits = photosPerSecond < 10 ? rough : whole;
  return t("words.photosPerSecond", { rate: digits.format(photosPerSecond) });
}

/** `3 min left`: no finer than an estimate can be. */
export function timeLeft(seconds: number): string {
  if (seconds < 50) return t("words.underAMinuteLeft");
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 90) return t("words.minutesLeft", { minutes: number(minutes) });
  const hours = Math.floor(minutes / 60);
  // Ten minutes are as fine as hours can be foretold.
  const rest = Math.round((minutes % 60) / 10) * 10;
  if (hours >= 10 || rest === 0 || rest === 60) {
    return t("words.hoursLeft", { hours: number(Math.round(minutes / 60)) });
  }
  return t("words.hoursAndMinutesLeft", { hours: number(hours), minutes: number(rest) });
}

/** The same for a download, which ends almost to the second. */
export function downloadTimeLeft(seconds: number): string {
  if (seconds >= 90) return timeLeft(seconds);
  return t("words.secondsLeft", { seconds: number(Math.max(1, Math.ceil(seconds))) });
}

/** When something is tried again. */
export function nextTry(seconds: number): string {
  const rounded = Math.max(1, Math.ceil(seconds));
  return rounded < 90
    ? t("words.nextTrySeconds", { seconds: number(rounded) })
    : t("words.nextTryMinutes", { minutes: number(Math.ceil(rounded / 60)) });
}

export function date(unixSeconds: number): string {
  return formats().long.format(unixSeconds * 1000);
}

export function dateTime(unixSeconds: number): string {
  return formats().minute.format(unixSeconds * 1000);
}

/** A day with its weekday. */
export function day(unixSeconds: number): string {
  return formats().weekday.format(unixSeconds * 1000);
}

export function yearOf(unixSeconds: number): string {
  return formats().year.format(unixSeconds * 1000);
}

export function monthOf(unixSeconds: number): string {
  return formats().month.format(unixSeconds * 1000);
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
export function sentence(what: string | Message): string {
  const words = typeof what === "string" ? what : said(what);
  const whole = words.replace(/^\p{Ll}(?=\p{L}*(?:[\s,;]|:(?!\/\/)|$))/u, (letter) =>
    letter.toUpperCase(),
  );
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
