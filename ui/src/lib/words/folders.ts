/** Words for the state of a folder, and between what is left out of it and what is typed. */
import type { Exclusions, Root } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { sentence } from "./format";

/** In a few words, under the folder's name; empty where all is well. */
export function shortStateWords({ state }: Root): string {
  switch (state) {
    case "offline":
      return t("library.offlineShort");
    case "unreadable":
      return t("library.unreadableShort");
    case "polling":
      return t("library.pollingShort");
    case "online":
      return "";
  }
}

/** The same with all there is to say of it. */
export function stateWords({ state, reason }: Root): string {
  switch (state) {
    case "offline":
      return t("library.offline");
    case "unreadable":
      return t("library.unreadable");
    case "polling":
      return [t("library.polling"), reason === null ? "" : sentence(reason)].join(" ").trimEnd();
    case "online":
      return "";
  }
}

/** The patterns that were typed, one a line. */
export function patternsOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const KILOBYTE = 1000;

/** A minimum size as it is typed, in kilobytes; empty for none. */
export function kilobytes({ minBytes }: Exclusions): string {
  return minBytes === 0 ? "" : String(minBytes / KILOBYTE);
}

/** The same in bytes; null for what is no size. */
export function bytesOf(kilobytesTyped: string): number | null {
  const typed = kilobytesTyped.trim().replace(",", ".");
  const value = Number(typed);
  return Number.isFinite(value) && value >= 0 ? Math.round(value * KILOBYTE) : null;
}
