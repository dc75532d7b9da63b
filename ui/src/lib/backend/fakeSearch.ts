/** Answers to questions, made up, and what is remembered of them. */
import { says } from "./backend";
import type { SearchRequest } from "./backend";
import type {
  CommandError,
  Completion,
  ExplainedPart,
  Explanation,
  SavedSearch,
  Strength,
} from "./dto";
import { chance, encodeListing, type FakeRecord } from "./fakeListing";
import { completionsOf, meaningOf, type FakeCondition } from "./fakeQuery";
import { decodeListing, WHY, type Listing } from "./listing";

const STRONG = 12;
const LIKELY = 30;
const HISTORY = 50;
/** What a third of the photos say of themselves. */
const KEYWORDS = ["river", "ferry", "lisbon"];
const TITLE = ["evening", "river"];

type Asked = Pick<SearchRequest, "query" | "examples" | "like" | "unlike" | "only" | "strictness">;

interface Answer {
  records: FakeRecord[];
  strong: number;
  likely: number;
  byDate: boolean;
}

export class FakeQuestions {
  readonly #records: () => FakeRecord[];
  readonly #pictures: string[] = [];
  #history = ["a lighthouse by the sea date:2025", "ferry -people", "camera:fujifilm rating:>=4"];

  constructor(records: () => FakeRecord[]) {
    this.#records = records;
  }

  search(request: SearchRequest): Listing {
    const { query, offset, limit } = request;
    const { records, strong, likely, byDate } = this.#answer(request);
    const { problems } = meaningOf(query);
    return decodeListing(
      encodeListing(records.slice(offset, offset + limit), {
        query,
        problems,
        offset,
        total: records.length,
        strong,
        likely,
        byDate,
      }),
    );
  }

  count(search: SavedSearch): number {
    const { records, strong, likely } = this.#answer({ ...search, only: [], strictness: 0.5 });
    return records.some(({ strength }) => strength !== undefined)
      ? strong + likely
      : records.length;
  }

  explain(photo: number, request: SearchRequest): Explanation {
    const { records, strong, likely, byDate } = this.#answer(request);
    const at = records.findIndex(({ id }) => id === photo);
    const score = byDate ? null : (records[at]?.score ?? null);
    const spreads = (value: number): number => value * 6 - 1;
    const { words, conditions } = meaningOf(request.query);
    const parts: ExplainedPart[] = words.map((word) => {
      const similar = chance(photo, word.length);
      const holds = similar > 0.3;
      return {
        kind: "words",
        words: word,
        score: similar,
        spreads: spreads(similar),
        holds,
        field: null,
      };
    });
    for (const condition of conditions) {
      const [words, holds] = [`${condition.name}:${condition.value}`, at >= 0];
      parts.push({ kind: "filter", words, score: null, spreads: null, holds, field: null });
    }
    const strengths: Strength[] = ["unscored", "strong", "likely", "weak"];
    const strength = at < 0 || score === null ? 0 : at < strong ? 1 : at < strong + likely ? 2 : 3;
    return {
      score,
      strength: strengths[strength] ?? "unscored",
      rank: score === null ? null : at + 1,
      ranked: records.length,
      parts,
    };
  }

  complete(query: string, cursor: number): Completion[] {
    return completionsOf(query, cursor);
  }

  keepPicture(bytes: Uint8Array): number {
    const png = bytes[0] === 0x89 && bytes[1] === 0x50;
    const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    if (!png && !jpeg) throw error("usage", "what was pasted is no picture that can be read");
    this.#pictures.push(URL.createObjectURL(new Blob([Uint8Array.from(bytes)])));
    return this.#pictures.length;
  }

  pictureUrl(picture: number): string {
    return this.#pictures[picture - 1] ?? "";
  }

  history(): string[] {
    return [...this.#history];
  }

  remember(query: string): void {
    const others = this.#history.filter((other) => other !== query);
    this.#history = [query, ...others].slice(0, HISTORY);
  }

  forgetHistory(): void {
    this.#history = [];
  }

  #answer({ query, examples, like, unlike, only, strictness }: Asked): Answer {
    if (query === "error") {
      throw error("failed", "The model starter could not be loaded: model.safetensors is cut off.");
    }
    const { words, conditions, sort } = meaningOf(query);
    const chosen = new Set(only);
    const fitting = this.#records()
      .filter(({ id }) => chosen.size === 0 || chosen.has(id))
      .filter((record) =>
        conditions.every((condition) => fits(record, condition) !== condition.excluded),
      );
    const oldest = (a: FakeRecord, b: FakeRecord): number => (a.time ?? 0) - (b.time ?? 0);
    const inTime = (records: FakeRecord[]): FakeRecord[] =>
      sort === "oldest" ? records.sort(oldest) : records.sort((a, b) => oldest(b, a));
    const pictures = query.includes("similar:") || query.includes("image:");
    if (words.length + examples.length + like.length + unlike.length === 0 && !pictures) {
      return { records: inTime(fitting), strong: 0, likely: 0, byDate: true };
    }

    const asked = [words.join(" "), ...examples.map(seedOf), ...like, ...unlike.map((id) => -id)];
    const salt = [...asked.join("")].reduce((h, c) => h * 31 + c.charCodeAt(0), 7);
    const itself = new Set(examples.map((example) => example.kind === "photo" && example.photo));
    const ranked = fitting
      .filter(({ id }) => !itself.has(id))
      .map((record) => {
        const said = saidOf(record.id, words);
        const score = chance(record.id, salt);
        return { ...record, score, why: said | (said === 0 || score > 0.5 ? WHY.shows : 0) };
      })
      .sort((a, b) => b.score + (b.why > 1 ? 0.1 : 0) - a.score - (a.why > 1 ? 0.1 : 0));
    const share = query.includes("unicorn") ? 0 : 1.5 - strictness;
    const strong = Math.min(Math.round(STRONG * share), Math.ceil(ranked.length / 3));
    const likely = Math.min(Math.round(LIKELY * share), Math.floor(ranked.length / 3));
    const records = ranked.map((record, i): FakeRecord => ({
      ...record,
      strength: i < strong ? 1 : i < strong + likely ? 2 : 3,
    }));
    const byDate = sort === "date" || sort === "oldest";
    return {
      records: byDate ? inTime(records.slice(0, strong + likely)) : records,
      strong,
      likely,
      byDate,
    };
  }
}

function seedOf(example: SearchRequest["examples"][number]): string {
  return JSON.stringify(example);
}

/** What a photo says of itself that such words are found in. */
function saidOf(id: number, words: readonly string[]): number {
  const all = words.flatMap((word) => word.toLowerCase().split(/\s+/));
  const has = (texts: readonly string[]): boolean => all.some((word) => texts.includes(word));
  const said = id % 3 === 0;
  return (
    (said && has(KEYWORDS) ? WHY.keywords : 0) |
    (said && has(TITLE) ? WHY.title : 0) |
    (all.some((word) => word.startsWith("img_") && nameOf(id).startsWith(word)) ? WHY.name : 0) |
    (id % 4 === 0 && has(["2024"]) ? WHY.folder : 0)
  );
}

function nameOf(id: number): string {
  return `img_${String(id).padStart(4, "0")}.jpg`;
}

function fits(record: FakeRecord, { name, value }: FakeCondition): boolean {
  const { id, aspect = 1, time = 0 } = record;
  switch (name) {
    case "date": {
      const year = String(new Date(time * 1000).getUTCFullYear());
      return /^\d{4}$/.test(value) ? year === value : id % 4 === 0;
    }
    case "rating":
    case "tag":
      return id % 3 === 0;
    case "camera":
    case "lens":
    case "has":
    case "near":
      return id % 2 === 1;
    case "orientation":
      return value === "portrait" ? aspect < 1 : value === "square" ? aspect === 1 : aspect > 1;
    case "is":
      return value === "offline" ? record.offline === true : id % 5 !== 0;
    default:
      return true;
  }
}

function error(code: CommandError["code"], message: string): CommandError {
  return { code, message: says(message) };
}
