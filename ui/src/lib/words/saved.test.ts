import { describe, expect, it } from "vitest";

import type { KeptQuestion } from "../saved/saved.svelte";
import { proposedName, questionWords } from "./saved";

const NOTHING: KeptQuestion = { query: "", examples: [], like: [], unlike: [] };
const PHOTO = { kind: "photo", photo: 7, crop: null } as const;

describe("a name for a question", () => {
  it("is its words, or else what it is about", () => {
    expect(proposedName({ ...NOTHING, query: "  a dog\n in snow " })).toBe("a dog in snow");
    expect(proposedName({ ...NOTHING, examples: [PHOTO] })).toBe("Similar photos");
    expect(proposedName({ ...NOTHING, like: [3] })).toBe("Similar photos");
    expect(proposedName({ ...NOTHING, unlike: [3] })).toBe("Other photos");
  });
});

describe("a question in one line", () => {
  it("has all its parts", () => {
    const question = { query: "a dog", examples: [PHOTO], like: [1, 2], unlike: [3] };
    expect(questionWords(question)).toBe(
      "a dog, similar to 1 photo, more like 2 photos, less like 1 photo",
    );
    expect(questionWords({ ...NOTHING, query: "iso:>800" })).toBe("iso:>800");
  });
});
