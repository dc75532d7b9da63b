/** Words for what models are and what they are good for. */
import type { Model, Recommendation } from "../backend/dto";

/** `Starter (EfficientNet…)` is called Starter wherever there is little room. */
export function shortTitle(title: string): string {
  return splitTitle(title)[0];
}

/** The name, and what stands in brackets behind it. */
export function splitTitle(title: string): [name: string, rest: string] {
  const [, name = title, rest = ""] = /^(.+?)\s+\((.*)\)$/.exec(title) ?? [];
  return [name, rest];
}

const FAMILIES: Record<string, string> = {
  conse: "Knows a thousand kinds of things, animals and places",
  clip: "Understands sentences",
  siglip: "Understands sentences",
};

/** What kind of model it is; its family's own name where that says nothing to people. */
export function familyWords(family: string): string {
  return FAMILIES[family] ?? (family === "" ? "A model of an unknown kind" : family);
}

/** Behind "Runs on". */
export function deviceWords(device: string): string {
  return device === "CPU" ? "this computer’s processor" : `the ${device}`;
}

export function licenseWords(license: string): string {
  return license === "unknown" || license === "" ? "No licence named" : `${license} licence`;
}

const languageNames = new Intl.DisplayNames("en", { type: "language", fallback: "none" });

/** `English and many others` for the codes `en, mul`; other text stays as it is. */
export function languageWords(codes: string): string {
  const names = codes.split(/[\s,]+/).map((code) => {
    if (code === "mul") return "many others";
    return /^[a-z]{2,3}$/.test(code) ? languageNames.of(code) : undefined;
  });
  if (names.includes(undefined)) return codes;
  const last = names.pop();
  return names.length === 0 ? `${last}` : `${names.join(", ")} and ${last}`;
}

export const RECOMMENDATIONS: Record<Recommendation, string> = {
  default: "Recommended",
  better: "Better, slower",
  multilingual: "Multilingual",
};

const measured = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** What to do about a model that is broken. */
export function remedy({ bundled, about }: Model): string {
  if (bundled) return "It comes with Afterimage: install Afterimage again.";
  return about === null
    ? "Remove it, then add it again from a folder that is complete."
    : "Remove it, then install it again.";
}

/** The small print: what was measured, in words, and names. */
export function smallPrint({ id, dim, imagenet, coco, title }: Model): string[] {
  const rest = splitTitle(title)[1];
  return [
    rest === "" ? null : rest,
    coco === null
      ? null
      : `Finds the right photo among 5,000 for ${measured.format(coco)}\u00a0% of sentences (COCO)`,
    imagenet === null
      ? null
      : `Names the right one of 1,000 things for ${measured.format(imagenet)}\u00a0% of photos (ImageNet)`,
    dim === 0 ? null : `${measured.format(dim)} numbers for each photo`,
    `On the command line: ${id}`,
  ].filter((line) => line !== null);
}
