/** Gives component tests the tokens that components read sizes from, and elements a size. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, vi } from "vitest";

const tokens = document.createElement("style");
tokens.textContent = readFileSync("src/styles/tokens.css", "utf8");
document.head.append(tokens);

// Nothing is laid out here, so every element is as large as the window.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1000);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(700);
});

afterEach(() => {
  vi.useRealTimers();
});
