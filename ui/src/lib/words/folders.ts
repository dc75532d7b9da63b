/** Words for the state of a folder, and between what is left out of it and what is typed. */
import type { Exclusions, Root } from "../backend/dto";
import { sentence } from "./format";

/** What there is to say of a folder; empty where all is well. */
export function stateWords({ state, reason }: Root): string {
  switch (state) {
    case "offline":
      return "This drive is not connected. Its photos stay in the library.";
    case "unreadable":
      return "This folder cannot be read. Its photos stay in the library.";
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
