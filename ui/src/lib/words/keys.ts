/** Keys as they stand on the person's keyboard. */
import { t, type MessageKey } from "../i18n/i18n.svelte";
import { partsOf } from "../shortcuts/keys";

const MAC: Readonly<Record<string, string>> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };
const ARROWS: Readonly<Record<string, string>> = { Left: "←", Right: "→", Up: "↑", Down: "↓" };
/** Keys that are called otherwise in other languages. */
const NAMES: Readonly<Record<string, MessageKey>> = {
  Ctrl: "shortcuts.keyCtrl",
  Shift: "shortcuts.keyShift",
  Space: "shortcuts.keySpace",
  Enter: "shortcuts.keyEnter",
  Delete: "shortcuts.keyDelete",
  Backspace: "shortcuts.keyBackspace",
  Insert: "shortcuts.keyInsert",
  PageUp: "shortcuts.keyPageUp",
  PageDown: "shortcuts.keyPageDown",
  Home: "shortcuts.keyHome",
  End: "shortcuts.keyEnd",
};

/** `Ctrl+Shift+K`, or `⇧⌘K` on a Mac. */
export function showKeys(keys: string, mac = onMac()): string {
  const parts = partsOf(keys);
  const key = parts.at(-1) ?? "";
  const shown = ARROWS[key] ?? named(key);
  const held = parts.slice(0, -1);
  if (!mac) return [...held.map(named), shown].join("+");
  const signs = ["Alt", "Shift", "Ctrl"].filter((name) => held.includes(name));
  return signs.map((name) => MAC[name] ?? name).join("") + shown;
}

function named(key: string): string {
  const name = NAMES[key];
  return name === undefined ? key : t(name);
}

function onMac(): boolean {
  return navigator.userAgent.includes("Macintosh");
}
