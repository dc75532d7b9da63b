/** What the engine says, in the person's language: it sends English with its values kept apart. */
import german from "../../messages/de/engine.json";
import type { Message, MessagePart } from "../backend/dto";
import { formatted } from "./format";
import { speech, type Language } from "./i18n.svelte";

type Sentences = ReadonlyMap<string, string>;

/** Values that are the person's own, and no words of the engine, even where they read alike. */
const OWN: ReadonlySet<string> = new Set([
  "application",
  "file",
  "folder",
  "name",
  "other",
  "parent",
  "path",
  "pattern",
]);

/** By the engine's English, which needs no translation itself. */
const SENTENCES: Readonly<Record<Language, Sentences>> = {
  en: new Map(),
  de: new Map(Object.entries(german)),
};

/** A message in the language spoken now, its causes after colons. */
export function said(message: Message): string {
  return message.parts.map((part) => partOf(part, SENTENCES[speech.language])).join(": ");
}

/** The same in English, for reports. */
export function saidInEnglish(message: Message): string {
  return message.parts.map((part) => partOf(part, SENTENCES.en)).join(": ");
}

function partOf({ template, values }: MessagePart, sentences: Sentences): string {
  if (template === "") return phraseOf(values["words"] ?? "", sentences);
  const translated = sentences.get(template);
  // English is filled in as the engine does it.
  if (translated === undefined) return filled(template, values);
  const phrases = Object.entries(values).map(([name, value]) => [
    name,
    OWN.has(name) ? value : phraseOf(value, sentences),
  ]);
  return formatted(translated, speech.tag, Object.fromEntries(phrases) as typeof values);
}

/** A phrase of the engine's own in the language spoken now; any other text as it is. */
export function phrase(words: string): string {
  return phraseOf(words, SENTENCES[speech.language]);
}

function phraseOf(words: string, sentences: Sentences): string {
  return sentences.get(words) ?? localized(words);
}

/** Nothing but numbers, perhaps with a unit: `1.0000 ± 0.0002`, `3.4 MB`. */
const NUMBERS = /^[-\d.\s±%]+(?:[kMG]?B)?$/;

/** Numbers with the decimal sign of the language; the engine writes a point. */
function localized(words: string): string {
  if (!NUMBERS.test(words)) return words;
  const sign = decimalSign(speech.tag);
  return words.replace(/(\d)\.(\d)/g, `$1${sign}$2`);
}

function decimalSign(tag: string): string {
  const parts = new Intl.NumberFormat(tag).formatToParts(0.5);
  return parts.find(({ type }) => type === "decimal")?.value ?? ".";
}

function filled(template: string, values: MessagePart["values"]): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
