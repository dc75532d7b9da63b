import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { describe, expect, test } from "vitest";

import { de } from "./de";
import { en } from "./en";

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
