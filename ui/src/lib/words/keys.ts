/** Keys as they stand on the person's keyboard. */
import { partsOf } from "../shortcuts/keys";

const MAC: Readonly<Record<string, string>> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };
const ARROWS: Readonly<Record<string, string>> = { Left: "←", Right: "→", Up: "↑", Down: "↓" };

/** `Ctrl+Shift+K`, or `⇧⌘K` on a Mac. */
export function showKeys(keys: string, mac = onMac()): string {
  const parts = partsOf(keys);
  const key = parts.at(-1) ?? "";
  const shown = ARROWS[key] ?? key;
  const held = parts.slice(0, -1);
  if (!mac) return [...held, shown].join("+");
  const signs = ["Alt", "Shift", "Ctrl"].filter((name) => held.includes(name));
  return signs.map((name) => MAC[name] ?? name).join("") + shown;
}

function onMac(): boolean {
  return navigator.userAgent.includes("Macintosh");
}
