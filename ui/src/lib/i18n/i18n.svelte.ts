/**
 * What the window says, in the person's language. Messages are files of ICU MessageFormat under
 * `messages/`, one folder a language; English is the one that all others translate.
 */
import { de } from "../../messages/de";
import { en, type Messages } from "../../messages/en";
import { recall, remember } from "../remember";
import { formatted, type Values } from "./format";

const CATALOGUES = { en, de } as const satisfies Record<string, Messages>;
const LANGUAGE = "language";

/** A language that the window speaks. */
export type Language = keyof typeof CATALOGUES;

/** What languages call themselves. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

/** The name of a message: its file and its name there. */
export type MessageKey = {
  [Domain in keyof typeof en]: `${Domain}.${Extract<keyof (typeof en)[Domain], string>}`;
}[keyof typeof en];

/** What is chosen: a language, or the system's. */
export type LanguageChoice = Language | "system";

let chosen = $state<LanguageChoice>(choiceOf(recall(LANGUAGE)));
const language = $derived(chosen === "system" ? systemLanguage() : chosen);
const tag = $derived(regionOf(language));

/** The language spoken now, and how it was chosen. */
export const speech = {
  get language(): Language {
    return language;
  },
  /** With its region, for numbers and dates: `en-GB`. */
  get tag(): string {
    return tag;
  },
  get choice(): LanguageChoice {
    return chosen;
  },
  set choice(choice: LanguageChoice) {
    chosen = choice;
    remember(LANGUAGE, choice);
  },
};

/** A message in the language spoken now. */
export function t(key: MessageKey, values?: Values): string {
  const message = messageOf(key);
  return formatted(message, tag, values);
}

function messageOf(key: MessageKey): string {
  const dot = key.indexOf(".");
  const domain = key.slice(0, dot) as keyof Messages;
  const messages: Readonly<Record<string, string>> = CATALOGUES[language][domain];
  return messages[key.slice(dot + 1)] ?? key;
}

function choiceOf(recalled: string | null): LanguageChoice {
  return recalled !== null && recalled in CATALOGUES ? (recalled as Language) : "system";
}

/** The first of the system's languages that the window speaks. */
export function systemLanguage(): Language {
  for (const wanted of navigator.languages) {
    const spoken = wanted.split("-")[0] ?? "";
    if (spoken in CATALOGUES) return spoken as Language;
  }
  return "en";
}

/** The system's region of a language, where it has one. */
function regionOf(spoken: Language): string {
  return navigator.languages.find((wanted) => wanted.split("-")[0] === spoken) ?? spoken;
}
