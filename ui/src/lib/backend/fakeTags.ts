/**
 * Categories and tags, made up: a small tree whose suggestions follow from the photos' numbers. A
 * category with five decisions learns from them: photos near a confirmed one gain confidence,
 * those near a rejected one lose it.
 */
import { says } from "./backend";
import type {
  Category,
  CommandError,
  Decided,
  Decision,
  Message,
  NewCategory,
  PhotoTag,
  ReviewOf,
  ReviewPage,
} from "./dto";
import { chance, type FakeRecord } from "./fakeListing";

/** Decisions that a category needs to learn from them. */
export const EXAMPLES_TO_LEARN = 5;
const SURE = 0.5;
const MOST_OF_A_PHOTO = 12;

type Kept = Omit<Category, "suggests" | "tagged" | "suggested" | "rejected" | "learned">;
type Said = ReadonlyMap<string, ReadonlyMap<number, Decision>>;

/** A change that can be taken back. */
interface Past {
  batch: number;
  words: Message;
  category: string;
  /** What was said of each photo before. */
  before: Map<number, Decision | null>;
  /** All categories, where one was deleted. */
  categories?: readonly Kept[];
  /** The category was made for it. */
  made?: boolean;
}

function made(
  id: string,
  name: string,
  german: string,
  parent: string | null = null,
  change: Partial<Kept> = {},
): Kept {
  return {
    id,
    name,
    names: { de: german },
    parent,
    prompts: [`a photo of ${name.toLowerCase()}`, `${name.toLowerCase()} in a photo`],
    synonyms: [],
    exclusive: false,
    heading: false,
    hidden: false,
    origin: "bundled",
    ...change,
  };
}

const HEADING: Partial<Kept> = { heading: true, prompts: [] };

/** The bundled tree, depth first. */
const BUNDLED: readonly Kept[] = [
  made("scenes", "Scenes", "Szenen", null, HEADING),
  made("daytime", "Time of day", "Tageszeit", "scenes", { ...HEADING, exclusive: true }),
  made("day", "Day", "Tag", "daytime"),
  made("night", "Night", "Nacht", "daytime", { synonyms: ["dark"] }),
  made("sunset", "Sunset", "Sonnenuntergang", "scenes", { synonyms: ["dusk", "evening sky"] }),
  made("animals", "Animals", "Tiere", null, { synonyms: ["fauna"] }),
  made("dog", "Dog", "Hund", "animals", { synonyms: ["puppy", "hound"] }),
  made("cat", "Cat", "Katze", "animals", { synonyms: ["kitten"] }),
  made("bird", "Bird", "Vogel", "animals"),
  made("seagull", "Seagull", "Möwe", "bird", { synonyms: ["gull"] }),
  made("places", "Places", "Orte", null, HEADING),
  made("beach", "Beach", "Strand", "places", { synonyms: ["shore", "sand"] }),
  made("mountain", "Mountain", "Berg", "places"),
  made("city", "City", "Stadt", "places"),
  made("food", "Food", "Essen"),
  made("documents", "Documents", "Dokumente", null, { hidden: true }),
];

export class FakeTags {
  ready = true;
  #categories: Kept[] = [...BUNDLED];
  #said: Said = new Map();
  #past: readonly Past[] = [];
  #batch = 0;
  /** Own ones that were deleted. */
  readonly #removed = new Set<string>();
  readonly #records: () => readonly FakeRecord[];
  readonly #changed: () => void;

  constructor(records: () => readonly FakeRecord[], changed: () => void) {
    this.#records = records;
    this.#changed = changed;
  }

  /** The tree as the engine would send it. */
  tree(): { categories: Category[]; undo: Message | null; ready: boolean } {
    return {
      categories: this.#categories.map((kept) => this.#told(kept)),
      undo: this.#past.at(-1)?.words ?? null,
      ready: this.ready,
    };
  }

  tagsOf(photo: number): PhotoTag[] {
    const own = this.#categories.flatMap((kept): PhotoTag[] => {
      const { id: category, name } = kept;
      const decision = this.#decisions(category).get(photo) ?? null;
      const confidence = this.#confidence(kept, photo);
      const tag = { category, name, decision, confidence, implied: false };
      if (decision !== null) return [tag];
      return confidence !== null && confidence >= SURE ? [tag] : [];
    });
    const there = new Set(own.map(({ category }) => category));
    const implied = own
      .filter(({ decision }) => decision === "confirmed" || decision === "tagged")
      .flatMap(({ category }) => this.#ancestors(category))
      .filter(({ id, heading }) => !heading && !there.has(id))
      .map(({ id: category, name }) => {
        there.add(category);
        return { category, name, decision: null, confidence: null, implied: true };
      });
    return [...own.slice(0, MOST_OF_A_PHOTO), ...implied];
  }

  review(category: string, of: ReviewOf, offset: number, limit: number): ReviewPage {
    const kept = this.#find(category);
    const said = this.#decisions(category);
    const photos = this.#records()
      .map((record) => ({
        record,
        decision: said.get(record.id) ?? null,
        confidence: this.#confidence(kept, record.id),
      }))
      .filter(({ decision, confidence }) => {
        if (of === "suggested") return decision === null && (confidence ?? 0) >= SURE;
        return of === "rejected"
          ? decision === "rejected"
          : decision === "confirmed" || decision === "tagged";
      })
      .sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0));
    return {
      total: photos.length,
      photos: photos.slice(offset, offset + limit).map(({ record, decision, confidence }) => ({
        id: record.id,
        path: `/home/anna/Pictures/2024/IMG_${String(record.id).padStart(4, "0")}.jpg`,
        aspect: record.aspect ?? 1,
        version: record.version ?? 0,
        color: record.color ?? 0,
        confidence,
        decision,
        offline: record.offline ?? false,
      })),
    };
  }

  /** The names that the person gave, photo by photo. */
  given(): Map<number, string[]> {
    const given = new Map<number, string[]>();
    for (const { id, name } of this.#categories) {
      for (const [photo, decision] of this.#decisions(id)) {
        if (decision !== "rejected") given.set(photo, [...(given.get(photo) ?? []), name]);
      }
    }
    return given;
  }

  decide(photos: readonly number[], category: string, decision: Decision | null): Decided {
    const kept = this.#find(category);
    const before = this.#counted(kept);
    const said = new Map(this.#decisions(category));
    const changed = photos.filter((photo) => (said.get(photo) ?? null) !== decision);
    if (changed.length === 0) {
      const undo = this.#past.at(-1)?.words ?? null;
      return { changed: 0, batch: null, learned: null, undo };
    }
    const earlier = new Map(changed.map((photo) => [photo, said.get(photo) ?? null]));
    for (const photo of changed) {
      if (decision === null) said.delete(photo);
      else said.set(photo, decision);
    }
    const words = decidedWords(kept.name, decision, changed.length);
    const batch = this.#note({ words, category, before: earlier });
    this.#said = new Map(this.#said).set(category, said);
    this.#changed();
    const learned = this.#learns(category) ? { before, after: this.#counted(kept) } : null;
    return { changed: changed.length, batch, learned, undo: words };
  }

  add(photos: readonly number[], name: string): Decided {
    const wanted = name.trim();
    if (wanted === "") throw error("usage", "a tag needs a name");
    let kept = this.#categories.find((other) => sameName(other.name, wanted));
    if (kept) return this.decide(photos, kept.id, "tagged");
    kept = made(idOf(wanted), wanted, "", null, { origin: "own", prompts: [], names: {} });
    this.#categories = [...this.#categories, kept];
    const decided = this.decide(photos, kept.id, "tagged");
    this.#past = this.#past.map((step) =>
      step.batch === decided.batch ? { ...step, made: true } : step,
    );
    return decided;
  }

  /** Takes a change back by its number, or the last one; what was said since stays. */
  undo(batch: number | null = null): Message | null {
    const at =
      batch === null
        ? this.#past.length - 1
        : this.#past.findIndex((other) => other.batch === batch);
    const step = this.#past[at];
    if (!step && batch === null) return null;
    if (!step) throw error("notFound", "this cannot be taken back any more");
    const later = this.#past.slice(at + 1).filter(({ category }) => category === step.category);
    this.#past = this.#past.filter((other) => other !== step);
    if (step.categories) {
      const known = new Set(step.categories.map(({ id }) => id));
      this.#categories = [
        ...step.categories,
        ...this.#categories.filter(({ id }) => !known.has(id)),
      ];
    }
    const said = new Map(this.#decisions(step.category));
    for (const [photo, before] of step.before) {
      const next = later.find((other) => other.before.has(photo));
      if (next) next.before.set(photo, before);
      else if (before === null) said.delete(photo);
      else said.set(photo, before);
    }
    this.#said = new Map(this.#said).set(step.category, said);
    if (step.made && said.size === 0 && later.length === 0) {
      this.#categories = this.#categories.filter(({ id }) => id !== step.category);
    }
    this.#changed();
    return step.words;
  }

  save(wanted: NewCategory): Category {
    const { id, name, parent } = wanted;
    if (this.#categories.some((other) => other.id !== id && sameName(other.name, name))) {
      throw error("usage", `a category is called ${name} already: choose another name`);
    }
    if (parent !== null) this.#find(parent);
    const before = id === null || this.#removed.delete(id) ? null : this.#find(id);
    const kept: Kept = {
      ...wanted,
      id: id ?? idOf(name),
      heading: before?.heading ?? false,
      origin: before === null || before.origin === "own" ? "own" : "changed",
    };
    if (before === null || before.parent !== parent) this.#place(kept);
    else this.#categories = this.#categories.map((one) => (one.id === id ? kept : one));
    this.#changed();
    return this.#told(kept);
  }

  remove(id: string): number | null {
    const kept = this.#find(id);
    let batch: number | null = null;
    if (kept.origin === "own") {
      const before = new Map(this.#decisions(id));
      if (before.size > 0) {
        const words = decidedWords(kept.name, null, before.size);
        const categories = this.#categories;
        batch = this.#note({ words, category: id, before, categories });
      }
      this.#removed.add(id);
      this.#categories = this.#categories
        .filter((other) => other.id !== id)
        .map((other) => (other.parent === id ? { ...other, parent: kept.parent } : other));
      const said = new Map(this.#said);
      said.delete(id);
      this.#said = said;
    } else {
      this.#categories = this.#categories.map((other) =>
        other.id === id ? { ...other, hidden: true, origin: "changed" } : other,
      );
    }
    this.#changed();
    return batch;
  }

  reset(id: string): Category {
    const bundled = BUNDLED.find((kept) => kept.id === id);
    if (!bundled) throw error("usage", `${this.#find(id).name} is your own: nothing to go back to`);
    if (this.#find(id).parent === bundled.parent) {
      this.#categories = this.#categories.map((one) => (one.id === id ? bundled : one));
    } else this.#place(bundled);
    this.#changed();
    return this.#told(bundled);
  }

  #note(step: Omit<Past, "batch">): number {
    this.#batch++;
    this.#past = [...this.#past, { ...step, batch: this.#batch }];
    return this.#batch;
  }

  /** Puts a category, with what is under it, behind the last child of its parent. */
  #place(kept: Kept): void {
    const under = new Set(this.#descendants(kept.id));
    const moved = [kept, ...this.#categories.filter(({ id }) => under.has(id))];
    const others = this.#categories.filter(({ id }) => id !== kept.id && !under.has(id));
    const family = new Set(
      kept.parent === null ? [] : [kept.parent, ...this.#descendants(kept.parent)],
    );
    const last = others.findLastIndex(({ id }) => family.has(id));
    const at = kept.parent === null ? others.length : last + 1;
    this.#categories = [...others.slice(0, at), ...moved, ...others.slice(at)];
  }

  #told(kept: Kept): Category {
    const said = [...this.#decisions(kept.id).values()];
    const learned = this.#learns(kept.id);
    return {
      ...kept,
      suggests: !kept.hidden && (kept.prompts.length > 0 || learned),
      tagged: this.#tagged(kept.id).size,
      suggested: this.ready ? this.#counted(kept) : 0,
      rejected: said.filter((decision) => decision === "rejected").length,
      learned,
    };
  }

  #tagged(category: string): ReadonlySet<number> {
    const photos = [category, ...this.#descendants(category)].flatMap((id) =>
      [...this.#decisions(id)].flatMap(([photo, said]) => (said === "rejected" ? [] : [photo])),
    );
    return new Set(photos);
  }

  /** Photos suggested and not decided. */
  #counted(kept: Kept): number {
    const said = this.#decisions(kept.id);
    return this.#records().filter(
      ({ id }) => !said.has(id) && (this.#confidence(kept, id) ?? 0) >= SURE,
    ).length;
  }

  #confidence(kept: Kept, photo: number): number | null {
    const learned = this.#learns(kept.id);
    if (kept.hidden || kept.heading || (kept.prompts.length === 0 && !learned)) return null;
    const salt = [...kept.id].reduce((sum, c) => sum + c.charCodeAt(0), 0);
    const asked = kept.prompts.length > 0 ? chance(photo, salt) ** 2 : 0.2;
    if (!learned) return asked;
    let moved = asked;
    for (const [example, decision] of this.#decisions(kept.id)) {
      if (example === photo || Math.abs(example - photo) > 3) continue;
      moved += decision === "rejected" ? -0.3 : 0.3;
    }
    return Math.max(0, Math.min(0.99, moved));
  }

  #learns(category: string): boolean {
    return this.#decisions(category).size >= EXAMPLES_TO_LEARN;
  }

  #decisions(category: string): ReadonlyMap<number, Decision> {
    return this.#said.get(category) ?? new Map();
  }

  #descendants(id: string): string[] {
    return this.#categories
      .filter(({ parent }) => parent === id)
      .flatMap((child) => [child.id, ...this.#descendants(child.id)]);
  }

  #ancestors(id: string): Kept[] {
    const { parent } = this.#find(id);
    return parent === null ? [] : [this.#find(parent), ...this.#ancestors(parent)];
  }

  #find(id: string): Kept {
    const found = this.#categories.find((kept) => kept.id === id);
    if (found) return found;
    throw error("notFound", "this category is no longer there");
  }
}

function sameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function idOf(name: string): string {
  return `own-${name.trim().toLowerCase().replace(/\s+/g, "-")}`;
}

/** As the engine says it. */
function decidedWords(name: string, decision: Decision | null, photos: number): Message {
  const one = photos === 1;
  const values = { name, photos: String(photos) };
  switch (decision) {
    case "confirmed":
      return says(`{name} confirmed for ${one ? "1 photo" : "{photos} photos"}`, values);
    case "tagged":
      return says(`{name} added to ${one ? "1 photo" : "{photos} photos"}`, values);
    case "rejected":
      return says(`{name} rejected for ${one ? "1 photo" : "{photos} photos"}`, values);
    case null:
      return says(`{name} taken from ${one ? "1 photo" : "{photos} photos"}`, values);
  }
}

function error(code: CommandError["code"], message: string): CommandError {
  return { code, message: says(message) };
}
