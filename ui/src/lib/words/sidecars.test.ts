import { describe, expect, it } from "vitest";

import { says, verbatim } from "../backend/backend";
import type { SidecarReport } from "../backend/dto";
import { changeWords, previewWords, writtenWords } from "./sidecars";

const report = (change: Partial<SidecarReport>): SidecarReport => ({
  planned: 0,
  written: 0,
  same: 0,
  failed: [],
  examples: [],
  ...change,
});

describe("words for sidecars", () => {
  it("say what would be written", () => {
    expect(previewWords(report({ planned: 1200, same: 3 }))).toBe(
      "1,200 sidecars would be written. 3 say it all already.",
    );
    expect(previewWords(report({ planned: 1 }))).toBe("1 sidecar would be written.");
    expect(previewWords(report({ same: 7 }))).toBe(
      "Nothing to write: 7 sidecars say it all already.",
    );
    expect(previewWords(report({}))).toContain("no photo has a tag");
  });

  it("say what was written, and what was not", () => {
    const failed = [{ path: "/a.xmp", reason: says("it is read-only") }];
    expect(writtenWords(report({ written: 12, same: 2, failed }))).toBe(
      "12 sidecars written. 2 said it all already. 1 sidecar could not be written.",
    );
  });

  it("say what one gets and loses", () => {
    expect(
      changeWords({
        adds: [verbatim("Dog"), says("rating {stars}", { stars: "4" })],
        removes: [verbatim("Cat")],
      }),
    ).toBe("Adds Dog, rating 4; removes Cat.");
    expect(changeWords({ adds: [], removes: [verbatim("Cat")] })).toBe("Removes Cat.");
  });
});
