/**
 * Keys as people write them: `Ctrl+Shift+K`, `F5`, `?`. On a Mac, Command stands for Ctrl. Letters
 * are capitals; what a key prints counts, so that Shift is named only with letters and with keys
 * that print nothing.
 */

/** Keys that are written otherwise than the browser calls them. */
const NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
  Escape: "Esc",
};
const MODIFIERS: readonly string[] = ["Control", "Shift", "Alt", "Meta", "AltGraph"];
/** In a text field these are the field's own. */
const EDITING: readonly string[] = ["A", "C", "V", "X", "Y", "Z", "Left", "Right", "Up", "Down"];

/** What was pressed; null while it is only Ctrl, Shift or the like. */
export function pressed(event: KeyboardEvent): string | null {
  if (MODIFIERS.includes(event.key) || event.key === "Dead" || event.key === "Unidentified") {
    return null;
  }
  const prints = [...event.key].length === 1 && event.key !== " ";
  const letter = prints && event.key.toLowerCase() !== event.key.toUpperCase();
  // ß has no capital of one letter.
  const capital = [...event.key.toUpperCase()].length === 1 ? event.key.toUpperCase() : event.key;
  const key = letter ? capital : (NAMES[event.key] ?? event.key);
  const parts = [
    event.ctrlKey || event.metaKey ? "Ctrl" : null,
    event.altKey ? "Alt" : null,
    event.shiftKey && (letter || !prints) ? "Shift" : null,
    key,
  ];
  return parts.filter((part) => part !== null).join("+");
}

/** What is held, and then the key: `Ctrl++` is Ctrl and +. */
export function partsOf(keys: string): string[] {
  return keys.split(/\+(?=.)/);
}

/** Whether a key belongs to a field of text that has the focus. */
export function belongsToField(keys: string, target: EventTarget | null): boolean {
  if (!isField(target)) return false;
  const parts = partsOf(keys);
  const key = parts.at(-1) ?? "";
  if (parts.includes("Alt")) return false;
  if (parts.includes("Ctrl")) return EDITING.includes(key) || key === "Backspace";
  // Keys beside the letters, F5, do nothing in a field.
  return !/^F\d+$/.test(key);
}

function isField(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    return !["button", "checkbox", "radio", "range", "color", "file"].includes(target.type);
  }
  return target instanceof HTMLElement && target.isContentEditable;
}
