import { describe, expect, it } from "vitest";

import { columnsFor } from "./sideBySide";

const WINDOW = { width: 1280, height: 744 };
const SMALL = { width: 760, height: 464 };

describe("photos side by side", () => {
  it.each([
    ["two landscapes", [1.5, 1.5], WINDOW, 2],
    ["two panoramas, one over the other", [4, 4], WINDOW, 1],
    ["four landscapes, in two rows", [1.5, 1.5, 1.5, 1.5], WINDOW, 2],
    ["four portraits, in one row", [0.66, 0.66, 0.66, 0.66], WINDOW, 4],
    ["three of any kind in a small window, in two rows", [0.75, 0.66, 0.75], SMALL, 2],
    ["two in a small window", [1.5, 1.5], SMALL, 2],
    ["whatever there is, before the window is measured", [1, 1], { width: 1, height: 1 }, 1],
  ])("are laid so that the most is seen: %s", (_, aspects, frame, columns) => {
    expect(columnsFor(aspects, frame)).toBe(columns);
  });
});
