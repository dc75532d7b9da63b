/** Words for the state of a folder, and between what is left out of it and what is typed. */
import type { Exclusions, Root } from "../backend/dto";
import { sentence } from "./format";

/** In a few words, under the folder's name; empty where all is well. */
export function shortStateWords({ state }: Root): string {
  switch (state) {
    case "offline":
      return "Not there";
    case "unreadable":
      return "Cannot be read";
    case "polling":
      return "Checked now and then";
    case "online":
      return "";
  }
}

/** The same with all there is to say of it. */
export function stateWords({ state, reason }: Root): string {
  switch (state) {
    case "offline":
      return "This folder is not there: its drive is not connected, or it was moved. Its photos stay in the library.";
    case "unreadable":
      return "You are not allowed to read this folder. Its photos stay in the library.";
    case "polling":
      return `Changes are noticed with some delay.${reason === null ? "" : ` ${sentence(reason)}`}`;
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
