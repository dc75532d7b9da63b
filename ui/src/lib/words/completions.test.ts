import { afterEach, describe, expect, it } from "vitest";

import { speech } from "../i18n/i18n.svelte";
import { completionDetail } from "./completions";

const completion = (text: string, detail: string | null, from = 0) => ({
  from,
  to: from,
  text,
  detail,
  count: null,
});

afterEach(() => {
  speech.choice = "system";
});

describe("what a completion means", () => {
  it("is said in the window's language where it is the same in every library", () => {
    speech.choice = "de";
    expect(completionDetail("cam", completion("camera:", "make or model"))).toBe(
      "Marke oder Modell der Kamera",
    );
    expect(completionDetail("a is:fav", completion("favourite", "you marked it", 5))).toBe(
      "du hast es markiert",
    );
    expect(completionDetail("added:last", completion('"last week"', "Monday to Sunday", 6))).toBe(
      "Montag bis Sonntag vor dieser Woche",
    );
  });

  it("stays as the engine has it where it is a value of the library, or not known here", () => {
    speech.choice = "de";
    expect(completionDetail("tag:fav", completion("favourite", "Favourite", 4))).toBe("Favourite");
    expect(completionDetail("new", completion("newer:", "a later filter"))).toBe("a later filter");
    expect(completionDetail("is:fav", completion("favourite", null, 3))).toBeNull();
  });
});
