import { afterEach, describe, expect, it } from "vitest";

import { FakeModels } from "../backend/fakeModels";
import { speech } from "../i18n/i18n.svelte";
import {
  aboutWords,
  deviceWords,
  familyWords,
  languageWords,
  licenseWords,
  qualityWords,
  remedy,
  shortTitle,
  smallPrint,
  splitTitle,
  understands,
} from "./models";

afterEach(() => (speech.choice = "system"));

describe("words for models", () => {
  it.each([
    ["Starter (EfficientNet-Lite2 and MiniLM)", "Starter", "EfficientNet-Lite2 and MiniLM"],
    ["OpenCLIP ViT-B/32", "OpenCLIP ViT-B/32", ""],
    ["(nameless)", "(nameless)", ""],
    ["", "", ""],
  ])("%s is called %s", (title, name, rest) => {
    expect(splitTitle(title)).toEqual([name, rest]);
    expect(shortTitle(title)).toBe(name);
  });

  it.each([
    ["en", "English"],
    ["en, mul", "English and many others"],
    ["de, en, zh", "German, English, and Chinese"],
    ["About a hundred", "About a hundred"],
    ["xx", "xx"],
  ])("the languages %s are %s", (codes, words) => {
    expect(languageWords(codes)).toBe(words);
  });

  it("says so where a licence or a family is not known", () => {
    expect(licenseWords("MIT")).toBe("MIT licence");
    expect(licenseWords("unknown")).toBe("No licence named");
    expect(familyWords("blip")).toBe("blip");
    expect(familyWords("")).toBe("A model of an unknown kind");
  });

  const [starter, datacomp, , , , , family] = new FakeModels(9, () => undefined, "many").list;

  it("tells which languages a model understands, by its id where it does not say", () => {
    const { list } = new FakeModels(9, () => undefined, "many");
    const german = list.filter((model) => understands(model, "de")).map(({ id }) => id);
    expect(german).toEqual(["siglip2-base-patch16-224", "xlm-roberta-base-vit-b-32-laion5b"]);
    expect(list.every((model) => understands(model, "en"))).toBe(true);
    const own = { id: "nllb-clip-base", languages: null };
    expect([understands(own, "de"), understands({ ...own, id: "mine" }, "de")]).toEqual([
      true,
      false,
    ]);
    expect(understands({ ...own, languages: "en, de" }, "de")).toBe(true);
  });

  it("prints small what was measured, where it was", () => {
    expect(starter && smallPrint(starter)).toEqual([
      "EfficientNet-Lite2 and all-MiniLM-L6-v2",
      "384 numbers for each photo",
      "On the command line: starter",
    ]);
    expect(datacomp && smallPrint(datacomp).join("\n")).toMatch(
      /39.9\s%.*COCO[^]*72.8\s%.*ImageNet/,
    );
  });

  it("says what to do about a broken one, each by where it comes from", () => {
    const said = [starter, datacomp, family].map((model) => model && remedy(model));
    expect(said[0]).toContain("install Afterimage again");
    expect(said[1]).toContain("then install it again");
    expect(said[2]).toContain("from a folder");
  });

  it("are in the language of the window, but for what only the engine knows", () => {
    speech.choice = "de";
    expect(datacomp && aboutWords(datacomp)).toBe(
      "Das beste Verhältnis von Güte und Tempo, auf jedem Computer.",
    );
    expect(languageWords("en, mul")).toBe("Englisch und viele andere");
    expect(licenseWords("MIT")).toBe("Lizenz MIT");
    expect([qualityWords("Good"), qualityWords("Splendid")]).toEqual(["gut", "Splendid"]);
    expect(deviceWords("CPU")).toBe("dem Prozessor dieses Computers");
    expect(datacomp && aboutWords({ ...datacomp, about: "for the sea" })).toBe("For the sea.");
    expect(datacomp && smallPrint(datacomp).join("\n")).toMatch(/39,9\s%/);
  });
});
