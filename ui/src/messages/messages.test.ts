import { readdirSync, readFileSync } from "node:fs";

import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { describe, expect, test } from "vitest";

import { de } from "./de";
import germanEngine from "./de/engine.json";
import { en } from "./en";
import engine from "./engine.json";

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>;

const ENGLISH: Catalogue = en;
const GERMAN: Catalogue = de;

/** The names of what is put into a message, with those inside of its branches. */
function argumentsOf(elements: readonly MessageFormatElement[]): Set<string> {
  const names = new Set<string>();
  for (const element of elements) {
    if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
    names.add(element.value);
    if (element.type === TYPE.select || element.type === TYPE.plural) {
      for (const { value } of Object.values(element.options)) {
        argumentsOf(value).forEach((name) => names.add(name));
      }
    }
  }
  return names;
}

const read = (message: string): Set<string> => argumentsOf(parse(message, { ignoreTag: true }));

describe.each(Object.entries(ENGLISH))("the messages of %s", (domain, messages) => {
  const translated = GERMAN[domain] ?? {};

  test("are all there in German, and none that is not English", () => {
    expect(Object.keys(translated).sort()).toEqual(Object.keys(messages).sort());
  });

  test("say something, and take the same values in both languages", () => {
    for (const [name, message] of Object.entries(messages)) {
      const german = translated[name] ?? "";
      expect(message.trim(), name).not.toBe("");
      expect(german.trim(), name).not.toBe("");
      expect([...read(german)].sort(), name).toEqual([...read(message)].sort());
    }
  });
});

describe("the sentences of the engine", () => {
  const german: Readonly<Record<string, string>> = germanEngine;

  test("are all there in German, and none that it does not say", () => {
    expect(Object.keys(german).sort()).toEqual([...engine].sort());
  });

  test("say something, and take the same values in both languages", () => {
    for (const sentence of engine) {
      const values = new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      const translated = german[sentence] ?? "";
      expect(translated.trim(), sentence).not.toBe("");
      expect([...read(translated)].sort(), sentence).toEqual([...values].sort());
    }
  });
});

/** Keys that are put together, as the source has it, with all that may come of it. */
const BUILT = [
  { by: "`duplicates.${kind}`", keys: /^duplicates\.(exact|edited|burst)$/ },
  { by: "`duplicates.${kind}About`", keys: /^duplicates\.(exact|edited|burst)About$/ },
  { by: "`duplicates.${kind}NoneTitle`", keys: /^duplicates\.(exact|edited|burst)NoneTitle$/ },
  { by: "`duplicates.${kind}NoneAbout`", keys: /^duplicates\.(exact|edited|burst)NoneAbout$/ },
  {
    by: "`library.${place}`",
    keys: /^library\.(favourites|recent|duplicates|map|insight|rejected)$/,
  },
  { by: "`review.${of}`", keys: /^review\.(suggested|tagged|rejected)$/ },
  { by: "`search.${other}`", keys: /^search\.(justified|squares)$/ },
];

describe("the messages of all domains", () => {
  const sources = ["src", "dev"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith(".test.ts"))
      .map((name) => readFileSync(`${folder}/${name}`, "utf8")),
  );
  const quoted = sources.flatMap((source) => [...source.matchAll(/(["'`])(\w+\.\w+)\1/g)]);
  const named = new Set(quoted.map(([, , key]) => key));
  const keys = Object.entries(ENGLISH).flatMap(([domain, messages]) =>
    Object.keys(messages).map((name) => `${domain}.${name}`),
  );

  test("are said somewhere, each of them", () => {
    const unsaid = keys.filter(
      (key) => !named.has(key) && !BUILT.some((built) => built.keys.test(key)),
    );
    expect(unsaid).toEqual([]);
  });

  test.each(BUILT)("are still put together by $by", (built) => {
    expect(sources.some((source) => source.includes(built.by))).toBe(true);
    expect(keys.some((key) => built.keys.test(key))).toBe(true);
  });
});
