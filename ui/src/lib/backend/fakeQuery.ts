/** The language of queries, made up: near enough to the engine's for the window to be tried. */
import { says } from "./backend";
import type { Completion, Piece, PieceKind, Problem, Reading } from "./dto";

/** A filter with what it says of itself and values that a library may have, counted. */
interface FakeFilter {
  detail: string;
  values: readonly (readonly [value: string, count: number])[];
}

const FILTERS: Readonly<Record<string, FakeFilter>> = {
  camera: {
    detail: "The camera that took it",
    values: [
      ['"Fujifilm X-T4"', 6120],
      ['"Canon EOS R6"', 2048],
      ['"Pixel 8"', 911],
    ],
  },
  date: {
    detail: "When it was taken: 2021, 2019-06..2021-08",
    values: [
      ["2026", 5840],
      ["2025", 3902],
      ["2024", 1177],
      ['"last summer"', 640],
    ],
  },
  f: { detail: "The aperture: 1.4-2.8", values: [] },
  folder: {
    detail: "The folder that it lies in",
    values: [
      ["2024", 1177],
      ["Trips", 312],
    ],
  },
  has: {
    detail: "What is known of it",
    values: [
      ["gps", 5000],
      ["keywords", 3333],
    ],
  },
  image: { detail: "A picture to compare with", values: [] },
  is: {
    detail: "What it is",
    values: [
      ["favourite", 88],
      ["offline", 40],
      ["untagged", 6667],
    ],
  },
  iso: { detail: "The sensitivity: >=1600", values: [["400", 6120]] },
  lens: { detail: "The lens", values: [["XF35mmF1.4", 6120]] },
  mm: { detail: "The focal length: 24-35", values: [["35", 6120]] },
  mp: { detail: "Megapixels: >12", values: [] },
  name: { detail: "The name of the file: IMG_*", values: [] },
  near: { detail: 'Near a place: "Lisbon" 50km', values: [["Lisbon", 5000]] },
  orientation: {
    detail: "How it stands",
    values: [
      ["landscape", 6400],
      ["portrait", 2300],
      ["square", 700],
    ],
  },
  rating: {
    detail: "Stars: >=3",
    values: [
      [">=4", 3333],
      ["5", 0],
    ],
  },
  similar: { detail: "A photo to compare with", values: [] },
  size: { detail: "The size of the file: >10MB", values: [] },
  sort: {
    detail: "The order",
    values: [
      ["date", 0],
      ["oldest", 0],
      ["relevance", 0],
    ],
  },
  tag: {
    detail: "A keyword",
    values: [
      ["ferry", 3333],
      ["Lisbon", 3333],
      ["river", 3333],
    ],
  },
  type: { detail: "The format", values: [["jpeg", 9400]] },
};

/** A filter as it stands in a query. */
export interface FakeCondition {
  name: string;
  value: string;
  excluded: boolean;
}

/** What a query asks for. */
export interface FakeMeaning extends Reading {
  words: string[];
  conditions: FakeCondition[];
  /** Null for the usual one. */
  sort: string | null;
}

const TOKEN = /[()]|-?(?:[\p{L}]+:)?"[^"]*"?|[^\s()]+/gu;

export function readQuery(query: string): Reading {
  const { pieces, problems } = meaningOf(query);
  return { pieces, problems };
}

export function meaningOf(query: string): FakeMeaning {
  const pieces: Piece[] = [];
  const problems: Problem[] = [];
  const words: string[] = [];
  const conditions: FakeCondition[] = [];
  let sort: string | null = null;
  let not = false;
  for (const match of query.matchAll(TOKEN)) {
    const [token] = match;
    const from = match.index;
    const to = from + token.length;
    const piece = (kind: PieceKind, begin = from, end = to): void => {
      const last = pieces.at(-1);
      // Words side by side are one thing to look for.
      if (last && last.kind === kind && kind === "words") last.to = end;
      else pieces.push({ from: begin, to: end, kind });
    };
    const problem = (template: string, values: Record<string, string> = {}): void =>
      void problems.push({ from, to, message: says(template, values) });
    if (token === "(" || token === ")") piece("parenthesis");
    else if (["OR", "NOT", "+", "-"].includes(token)) {
      piece("operator");
      not = token === "NOT" || token === "-";
      continue;
    } else {
      const excluded = token.startsWith("-") || not;
      const bare = token.replace(/^-/, "");
      const weight = /^-?\d+(?:\.\d+)?:/.exec(token)?.[0] ?? "";
      const [, name = "", value = ""] = /^(\p{L}+):(.*)$/su.exec(bare) ?? [];
      if (bare.split('"').length % 2 === 0)
        problem('these quotes are never closed: write another " where they end');
      if (weight !== "") {
        piece("weight", from, from + weight.length);
        if (weight.length < token.length) piece("words", from + weight.length);
        words.push(token.slice(weight.length));
      } else if (name !== "" && !(name in FILTERS)) {
        piece("filter");
        problem("there is no filter {name}, it is taken as words", { name });
      } else if (name === "sort") {
        piece("sort");
        sort = value;
      } else if (name === "similar" || name === "image") piece("example");
      else if (name !== "") {
        piece(excluded ? "excludedFilter" : "filter");
        if (value === "")
          problem("{filter}: needs a value right after the colon: write it like {examples}", {
            filter: name,
            examples: `${name}:2021`,
          });
        else conditions.push({ name, value: value.replaceAll('"', ""), excluded });
      } else {
        piece(excluded ? "excluded" : "words");
        if (!excluded) words.push(bare.replaceAll('"', ""));
      }
    }
    not = false;
  }
  return { pieces, problems, words: words.filter((word) => word !== ""), conditions, sort };
}

/** At most this many are proposed. */
const MOST = 12;

export function completionsOf(query: string, cursor: number): Completion[] {
  const typed = /-?([^\s()"]*(?:"[^"]*)?)$/.exec(query.slice(0, cursor))?.[1] ?? "";
  const start = cursor - typed.length;
  const rest = /^[^\s()"]*"?/.exec(query.slice(cursor))?.[0] ?? "";
  const to = cursor + rest.length;
  const colon = typed.indexOf(":");
  if (typed === "") return [];
  if (colon < 0) {
    return Object.entries(FILTERS)
      .filter(([name]) => name.startsWith(typed.toLowerCase()))
      .slice(0, MOST)
      .map(([name, { detail }]) => ({ from: start, to, text: `${name}:`, detail, count: null }));
  }
  const name = typed.slice(0, colon);
  const begun = typed
    .slice(colon + 1)
    .replaceAll('"', "")
    .toLowerCase();
  return (FILTERS[name]?.values ?? [])
    .filter(([value]) => value.replaceAll('"', "").toLowerCase().startsWith(begun))
    .map(([value, count]) => ({
      from: start + colon + 1,
      to,
      text: value,
      detail: null,
      count: count === 0 ? null : count,
    }));
}
