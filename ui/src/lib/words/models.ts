/** Words for what models are and what they are good for. */
import type { Model, Recommendation } from "../backend/dto";
import { speech, t, type Language, type MessageKey } from "../i18n/i18n.svelte";
import { conjunction, decimal, number, sentence } from "./format";

/** `Starter (EfficientNet…)` is called Starter wherever there is little room. */
export function shortTitle(title: string): string {
  return splitTitle(title)[0];
}

/** The name, and what stands in brackets behind it. */
export function splitTitle(title: string): [name: string, rest: string] {
  const [, name = title, rest = ""] = /^(.+?)\s+\((.*)\)$/.exec(title) ?? [];
  return [name, rest];
}

const FAMILIES: Readonly<Record<string, MessageKey>> = {
  conse: "models.familyConse",
  clip: "models.familyClip",
  siglip: "models.familyClip",
};

/** What kind of model it is; its family's own name where that says nothing to people. */
export function familyWords(family: string): string {
  const known = FAMILIES[family];
  if (known !== undefined) return t(known);
  return family === "" ? t("models.familyUnknown") : family;
}

/** What the catalogue says of its models, for those who read another language. */
const ABOUT: Readonly<Record<string, MessageKey>> = {
  "The best balance of quality and speed, on any computer": "models.aboutBalance",
  "Better results, three times slower": "models.aboutBetter",
  "Understands a hundred languages, Chinese, Czech and Danish best of all models here":
    "models.aboutHundred",
  "Better results in several languages at little cost in speed": "models.aboutSeveral",
  "The best results, more than ten times slower: for a fast GPU": "models.aboutBest",
  "Very good results for English, three times slower, half the size of SigLIP 2":
    "models.aboutEnglish",
  "Sees smaller things in a photo, three times slower": "models.aboutSmaller",
  "Very good results, more than ten times slower: for a fast GPU": "models.aboutVeryGood",
  "A little faster than the recommended model, nearly as good": "models.aboutFaster",
  "The model of 2021 that many programs still use, to compare with": "models.about2021",
  "Small and fast, for older computers": "models.aboutSmall",
  "The smallest and fastest, for old computers and slow connections": "models.aboutSmallest",
};

/** What a model is good for, in a sentence. */
export function aboutWords({ about, family }: Pick<Model, "about" | "family">): string {
  if (about === null) return sentence(familyWords(family));
  const known = ABOUT[about];
  return sentence(known === undefined ? about : t(known));
}

const QUALITIES: Readonly<Record<string, MessageKey>> = {
  Fair: "models.qualityFair",
  Good: "models.qualityGood",
  "Very good": "models.qualityVeryGood",
  Excellent: "models.qualityExcellent",
};

/** How good its results are. */
export function qualityWords(quality: string): string {
  const known = QUALITIES[quality];
  return known === undefined ? quality : t(known);
}

/** What computes, behind "Runs on". */
export function deviceWords(device: string): string {
  return device === "CPU" ? t("models.processor") : t("models.otherDevice", { device });
}

export function licenseWords(license: string): string {
  return license === "unknown" || license === ""
    ? t("models.noLicense")
    : t("models.license", { license });
}

/** `English and many others` for the codes `en, mul`; other text stays as it is. */
export function languageWords(codes: string): string {
  const names = new Intl.DisplayNames(speech.tag, { type: "language", fallback: "none" });
  const known = codes.split(/[\s,]+/).map((code) => {
    if (code === "mul") return t("models.manyLanguages");
    return /^[a-z]{2,3}$/.test(code) ? names.of(code) : undefined;
  });
  const all = known.filter((name) => name !== undefined);
  return all.length === known.length ? conjunction(all) : codes;
}

/** In the ids of models that read many languages, where the catalogue does not know them. */
const MANY = /multilingual|xlm|siglip2|nllb/i;

/** Whether a model reads questions in a language, by its code. */
export function understands(
  { id, languages }: Pick<Model, "id" | "languages">,
  language: Language,
): boolean {
  if (language === "en") return true;
  if (languages === null) return MANY.test(id);
  return languages.split(/[\s,]+/).some((code) => code === "mul" || code === language);
}

const RECOMMENDATIONS: Readonly<Record<Recommendation, MessageKey>> = {
  default: "models.recommended",
  better: "models.better",
  multilingual: "models.multilingual",
};

/** For what it is recommended. */
export function recommendationWords(recommendation: Recommendation): string {
  return t(RECOMMENDATIONS[recommendation]);
}

/** What to do about a model that is broken. */
export function remedy({ bundled, about }: Model): string {
  if (bundled) return t("models.remedyBundled");
  return t(about === null ? "models.remedyFolder" : "models.remedyCatalogue");
}

/** The small print: what was measured, in words, and names. */
export function smallPrint({ id, dim, imagenet, coco, title }: Model): string[] {
  const rest = splitTitle(title)[1];
  return [
    rest === "" ? null : rest,
    coco === null ? null : t("models.coco", { share: decimal(coco) }),
    imagenet === null ? null : t("models.imagenet", { share: decimal(imagenet) }),
    dim === 0 ? null : t("models.dim", { dim: number(dim) }),
    t("models.commandLine", { id }),
  ].filter((line) => line !== null);
}
