import { afterEach, expect, test } from "vitest";

import { fileSize, number, timeLeft } from "../words/format";
import { speech, t } from "./i18n.svelte";

afterEach(() => (speech.choice = "system"));

test("the window speaks the language that is chosen, in numbers too, and remembers it", () => {
  expect(t("words.photos", { count: 1200 })).toBe("1,200 photos");
  speech.choice = "de";
  expect(t("words.photos", { count: 1200 })).toBe("1.200 Fotos");
  expect(t("words.photos", { count: 1 })).toBe("1 Foto");
  expect([number(1_234_567), fileSize(1_500_000), timeLeft(192)]).toEqual([
    "1.234.567",
    "1,5 MB",
    "noch 3 Min.",
  ]);
  expect(localStorage.getItem("afterimage.language")).toBe("de");
});

test("what is put into a message is no markup and no message", () => {
  expect(t("shared.undone", { what: "<b>{count}</b> 'x'" })).toBe("Taken back: <b>{count}</b> 'x'");
});
