import { afterEach, expect, test } from "vitest";

import { says, verbatim } from "../backend/backend";
import { speech } from "./i18n.svelte";
import { said, saidInEnglish } from "./said";

afterEach(() => (speech.choice = "system"));

const full = says("there is no room in {folder}: make some, or choose another folder", {
  folder: "/media/{folder}",
});

test("what the engine says is said in the person's language, with its values", () => {
  expect(said(full)).toBe(
    "there is no room in /media/{folder}: make some, or choose another folder",
  );
  speech.choice = "de";
  expect(said(full)).toContain("/media/{folder}");
  expect(said(full)).not.toContain("there is");
  expect(saidInEnglish(full)).toContain("there is no room in /media/{folder}");
});

test("causes follow after colons; the words of others stay as they are", () => {
  const message = { parts: [...says("the disk is full").parts, ...verbatim("EIO {x}").parts] };
  expect(said(message)).toBe("the disk is full: EIO {x}");
  speech.choice = "de";
  expect(said(message)).toMatch(/^(?!the disk).+: EIO \{x\}$/);
});

test("a phrase of the engine's own that is put into a sentence is translated, too", () => {
  speech.choice = "de";
  const video = says("not a picture: the content is {kind}", { kind: "a ZIP archive" });
  expect(said(video)).not.toContain("a ZIP archive");
  expect(said(video)).toContain("ZIP");
});

test("numbers have the language's decimal sign, and names that look like some do not", () => {
  speech.choice = "de";
  expect(said(verbatim("1.0000 ± 0.0002"))).toBe("1,0000 ± 0,0002");
  expect(said(says("{effective} of {dim}", { effective: "20.4", dim: "384" }))).toBe(
    "20,4 von 384",
  );
  expect(said(says("{least} to {most}", { least: "-0.222", most: "0.200" }))).toBe(
    "-0,222 bis 0,200",
  );
  expect(said(says("cannot read {path}", { path: "1.5" }))).toContain("1.5");
  speech.choice = "en";
  expect(said(verbatim("3.4 MB"))).toBe("3.4 MB");
});

test("what no language knows is said in English", () => {
  speech.choice = "de";
  expect(said(says("made by a newer {thing}", { thing: "engine" }))).toBe("made by a newer engine");
});
