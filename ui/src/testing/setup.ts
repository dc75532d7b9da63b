/**
 * Gives component tests the tokens that components read sizes from, elements a size, and dialogs
 * the focus.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, vi } from "vitest";

const tokens = document.createElement("style");
tokens.textContent = readFileSync("src/styles/tokens.css", "utf8");
document.head.append(tokens);

// A browser moves the focus into a dialog that opens.
const { showModal } = HTMLDialogElement.prototype;
HTMLDialogElement.prototype.showModal = function () {
  showModal.call(this);
  const inside = [...this.querySelectorAll<HTMLElement>("button, input, [tabindex]")];
  (inside.find((element) => element.autofocus) ?? inside[0])?.focus();
};

// Nothing is laid out here, so every element is as large as the window.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1000);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(700);
});

afterEach(() => {
  vi.useRealTimers();
});
