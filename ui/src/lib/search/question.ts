/** What is asked of the library: words and filters, pictures, and what of the answers was said. */
import type { Example } from "../backend/dto";
import { lastPart } from "../words/format";

/** A picture that photos should resemble. */
export interface NamedExample {
  example: Example;
  /** What it is called; empty until that is known. */
  name: string;
}

/** A photo of which more, or less, is wanted. */
export interface NamedPhoto {
  photo: number;
  name: string;
}

export interface Asked {
  query: string;
  examples: readonly NamedExample[];
  like: readonly NamedPhoto[];
  unlike: readonly NamedPhoto[];
  /** Only these photos answer, where there are any. */
  only: readonly number[];
}

export type Question = { kind: "library" } | ({ kind: "search" } & Asked);

/** One text for each question, to tell a new one from a refresh. */
export function keyOf(question: Question): string {
  if (question.kind === "library") return "library";
  const { query, examples, like, unlike, only } = question;
  return JSON.stringify([
    query,
    examples.map(({ example }) => example),
    like.map(({ photo }) => photo),
    unlike.map(({ photo }) => photo),
    only,
  ]);
}

/** Where an example is one of a kept question, of which only the photo's number is known. */
export function nameOf(example: Example): string {
  return example.kind === "file" ? lastPart(example.path) : "";
}
