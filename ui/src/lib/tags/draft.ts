/** A category while it is edited: text in fields, until it is whole. */
import type { Category, NewCategory } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { family, named, visible } from "./tree";

export interface Draft {
  name: string;
  german: string;
  parent: string | null;
  /** One a line. */
  prompts: string;
  synonyms: string;
  exclusive: boolean;
  hidden: boolean;
}

/** Prompts of a category: with one alone a chance resemblance decides, with many none counts. */
export const LEAST_PROMPTS = 2;
export const MOST_PROMPTS = 5;
const LONGEST_NAME = 80;
const LONGEST_PROMPT = 200;

export function draftOf(category: Category | null): Draft {
  return {
    name: category?.name ?? "",
    german: category?.names.de ?? "",
    parent: category?.parent ?? null,
    prompts: category?.prompts.join("\n") ?? "",
    synonyms: category?.synonyms.join(", ") ?? "",
    exclusive: category?.exclusive ?? false,
    hidden: category?.hidden ?? false,
  };
}

export function promptsOf({ prompts }: Draft): string[] {
  return parts(prompts, /\n/);
}

/** The category as it is asked for. Names in other languages than German stay as they were. */
export function wanted(draft: Draft, before: Category | null): NewCategory {
  const german = draft.german.trim();
  const others = Object.fromEntries(
    Object.entries(before?.names ?? {}).filter(([language]) => language !== "de"),
  );
  return {
    id: before?.id ?? null,
    name: draft.name.trim(),
    names: german === "" ? others : { ...others, de: german },
    parent: draft.parent,
    prompts: promptsOf(draft),
    synonyms: parts(draft.synonyms, /[,\n]/),
    exclusive: draft.exclusive,
    hidden: draft.hidden,
  };
}

/** Where something is to be put right, and what. */
export interface Faults {
  name?: string;
  prompts?: string;
  parent?: string;
}

export function faults(
  draft: Draft,
  before: Category | null,
  categories: readonly Category[],
): Faults {
  const found: Faults = {};
  const name = draft.name.trim();
  const same = named(
    categories.filter(({ id }) => id !== before?.id),
    name,
  );
  if (name === "") found.name = t("tags.faultNameMissing");
  else if (name.length > LONGEST_NAME) {
    found.name = t("tags.faultNameLong", { most: LONGEST_NAME });
  } else if (/[|/]/.test(name)) {
    found.name = t("tags.faultNameBars");
  } else if (same) {
    found.name = same.hidden
      ? t("tags.faultNameHidden", { name: same.name })
      : t("tags.faultNameTaken", { name: same.name });
  }
  const prompts = promptsOf(draft);
  const untouched = prompts.join("\n") === before?.prompts.join("\n");
  if (before?.heading !== true && !untouched) {
    if (prompts.length > MOST_PROMPTS) {
      found.prompts = t("tags.faultPromptsMany", { most: MOST_PROMPTS });
    } else if (prompts.length > 0 && prompts.length < LEAST_PROMPTS) {
      found.prompts = t("tags.faultPromptsFew");
    } else if (prompts.some((prompt) => prompt.length > LONGEST_PROMPT)) {
      found.prompts = t("tags.faultPromptLong", { most: LONGEST_PROMPT });
    } else if (new Set(prompts.map((prompt) => prompt.toLowerCase())).size < prompts.length) {
      found.prompts = t("tags.faultPromptsSame");
    }
  }
  if (before !== null && draft.parent !== null && family(categories, before.id).has(draft.parent)) {
    found.parent = t("tags.faultParent");
  }
  return found;
}

/** What a category may lie under. */
export function parentsFor(before: Category | null, categories: readonly Category[]): Category[] {
  const own = before === null ? new Set<string>() : family(categories, before.id);
  return visible(categories).filter(({ id }) => !own.has(id));
}

function parts(text: string, between: RegExp): string[] {
  return text
    .split(between)
    .map((part) => part.trim().replace(/\s+/g, " "))
    .filter((part) => part !== "");
}
