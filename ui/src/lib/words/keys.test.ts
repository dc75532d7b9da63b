import { expect, test } from "vitest";

import { showKeys } from "./keys";

test.each([
  ["Ctrl+Shift+K", "Ctrl+Shift+K", "⇧⌘K"],
  ["Ctrl++", "Ctrl++", "⌘+"],
  ["+", "+", "+"],
  ["Alt+Left", "Alt+←", "⌥←"],
  ["F5", "F5", "F5"],
])("%s", (keys, elsewhere, mac) => {
  expect(showKeys(keys, false)).toBe(elsewhere);
  expect(showKeys(keys, true)).toBe(mac);
});
