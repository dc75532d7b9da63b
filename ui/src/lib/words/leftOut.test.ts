import { expect, test } from "vitest";

import { leftOutWords } from "./leftOut";

test("what is left out of a folder is told in short, and nothing where that is the usual", () => {
  const usual = { patterns: [], hidden: true, noMedia: true, minBytes: 0 };
  expect(leftOutWords(usual)).toBe("");
  expect(leftOutWords({ ...usual, patterns: ["*.png"] })).toBe("1 pattern left out");
  expect(leftOutWords({ ...usual, minBytes: 20_000 })).toBe("nothing smaller than 20 kB");
});
