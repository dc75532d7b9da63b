/**
 * What is asked of the library and the photos that answer it. An empty box asks for the whole
 * library. What is typed is asked as it comes, as often as the engine can answer. Answers that come
 * after a newer question was asked are dropped; while a question is open, the photos of the one
 * before stay. An answer comes in pages, the next one when it is wanted.
 */
import { commandError, type Backend, type SearchRequest } from "../backend/backend";
import type { CommandError, Crop, Example, SavedSearch } from "../backend/dto";
import {
  appended,
  firmCount,
  strengthAt,
  withOpinion,
  type Listing,
  type Opinion,
} from "../backend/listing";
import { coalesce } from "../coalesce";
import { recall, remember } from "../remember";
import { ordered, orderOf, ranks, type Order } from "./order";
import { keyOf, nameOf, type NamedExample, type NamedPhoto, type Question } from "./question";
import { Reader } from "./reader.svelte";

/** Between two questions while one types: about what an answer takes. */
export const BETWEEN_MS = 60;
/** What takes longer shows that it is under way; less would only flicker. */
export const BUSY_AFTER_MS = 150;
/** Between two requests to have ready what a search by words needs. */
export const WARM_MS = 5000;
/** Between refreshes while the library grows: often enough to watch, rare enough to be free. */
const REFRESH_MS = 1500;
/** Photos of the first page, which are there as soon as possible, and of each one after it. */
export const FIRST_PAGE = 500;
export const NEXT_PAGE = 1000;
/** The strictness that nobody has changed. */
export const USUAL_STRICTNESS = 0.5;

/** All that stands in the box and its chips. */
interface Standing {
  text: string;
  pictures: readonly NamedExample[];
  liked: readonly NamedPhoto[];
  unliked: readonly NamedPhoto[];
  only: readonly number[];
}

const NOTHING: Standing = { text: "", pictures: [], liked: [], unliked: [], only: [] };

export class Search {
  /** How the text in the box is read. */
  readonly reader: Reader;
  /** The pictures that photos are compared with, beside the words or without any. */
  pictures = $state.raw<readonly NamedExample[]>([]);
  /** Photos of which more, and less, is wanted. */
  liked = $state.raw<readonly NamedPhoto[]>([]);
  unliked = $state.raw<readonly NamedPhoto[]>([]);
  /** Only these photos answer, as they were chosen on the map; empty where all may. */
  only = $state.raw<readonly number[]>([]);
  /** The photos of the answer that have come. */
  listing = $state.raw<Listing | null>(null);
  /** The question that `listing` answers. */
  answered = $state.raw<Question>({ kind: "library" });
  /** Grows with every answer, also to the same question. */
  revision = $state(0);
  busy = $state(false);
  /** The rest of the library is still to come. */
  partial = $state(false);
  failure = $state.raw<CommandError | null>(null);
  /** Why the rest of the answer could not be had. */
  moreFailure = $state.raw<CommandError | null>(null);
  /** Whether the weaker matches are unfolded. */
  weakShown = $state(false);

  /** Strong and likely matches at the start of the listing; null where all stand alike. */
  readonly firm = $derived(this.listing && firmCount(this.listing));
  /** Only weak matches: what comes closest is shown then, and said to be no more than that. */
  readonly noneFirm = $derived(this.listing !== null && this.listing.count > 0 && this.firm === 0);
  /** Whether the photos are ranked by what they show, so that feedback refines that. */
  readonly scored = $derived(
    this.listing !== null && this.listing.count > 0 && strengthAt(this.listing, 0) !== "unscored",
  );
  /** Whether the weaker matches are on view, or there is no fold. */
  readonly #unfolded = $derived(this.weakShown || this.noneFirm || this.firm === null);
  /** How many photos of the listing are on view. */
  readonly shown = $derived.by(() => {
    if (this.listing === null) return 0;
    return this.#unfolded ? this.listing.count : (this.firm ?? 0);
  });
  /** How many there will be once all have come. */
  readonly shownInAll = $derived.by(() => {
    if (this.listing === null) return 0;
    const { total, count, strong, likely } = this.listing;
    return Math.max(this.shown, this.#unfolded ? Math.max(total, count) : strong + likely);
  });
  /** One text for each question, to tell a new one from a refresh. */
  readonly key = $derived(keyOf(this.answered));

  readonly examples: Example[] = $derived(this.pictures.map(({ example }) => example));
  readonly like: number[] = $derived(this.liked.map(({ photo }) => photo));
  readonly unlike: number[] = $derived(this.unliked.map(({ photo }) => photo));
  /** Whether anything stands in the box, be it words or chips. */
  readonly filled = $derived.by(
    () =>
      this.text !== "" ||
      this.pictures.length + this.liked.length + this.unliked.length + this.only.length > 0,
  );
  /** Whether there is something to keep: files, pasted pictures and chosen photos are not kept. */
  readonly keepable = $derived.by(() => {
    if (this.only.length > 0) return false;
    const { query, examples, like, unlike } = this.question();
    return query !== "" || examples.length + like.length + unlike.length > 0;
  });

  /** Whether photos are ranked by what stands in the box, and not only filtered. */
  readonly ranked = $derived.by(
    () =>
      ranks(this.reader.reading) ||
      this.pictures.length + this.liked.length + this.unliked.length > 0,
  );
  readonly order = $derived.by(() => orderOf(this.text, this.reader.reading, this.ranked));

  #backend: Backend;
  #text = $state("");
  #strictness = $state(USUAL_STRICTNESS);
  #soon: ReturnType<typeof setTimeout> | undefined;
  /** When something was asked last. */
  #askedAt = -Infinity;
  /** What that was, until it is answered. */
  #asked: string | null = null;
  // Begins with the clock: after the page is loaded anew, the engine, which remembers the highest
  // ticket, must not take its searches for old ones.
  #ticket = Date.now();
  #open = 0;
  /** The next photo of the answer to fetch; it may have shifted, and then some come twice. */
  #next = 0;
  #fetching = false;
  /** What was asked before similar photos took its place. */
  #before: Standing | null = null;
  #warmed = -Infinity;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.reader = new Reader(backend);
    const strictness = Number(recall("strictness") ?? USUAL_STRICTNESS);
    this.#strictness = strictness >= 0 && strictness <= 1 ? strictness : USUAL_STRICTNESS;
  }

  /** What stands in the box. */
  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    this.reader.read(text);
  }

  /** What counts as a match: 0 all that is likely, 1 only what is certain. */
  get strictness(): number {
    return this.#strictness;
  }

  set strictness(value: number) {
    if (value === this.#strictness) return;
    this.#strictness = value;
    remember("strictness", String(value));
    if (this.answered.kind !== "library") this.submit();
  }

  /**
   * Words are about to be typed: has ready what looking for them needs, for that is put away when
   * it was not used for a while.
   */
  warm(): void {
    const now = Date.now();
    if (now - this.#warmed < WARM_MS) return;
    this.#warmed = now;
    // What goes wrong the search itself will say.
    this.#backend.warmText().catch(() => undefined);
  }

  /**
   * The box now holds `text`. The first key after a pause asks at once, more of them as soon as the
   * last question was asked long enough ago; what stands there then is what is asked.
   */
  type(text: string): void {
    const before = keyOf(this.#question);
    if (text.trim() !== "") this.warm();
    this.text = text;
    if (text.trim() === "") return this.submit();
    // A blank at the end asks nothing new.
    if (keyOf(this.#question) === before || this.#soon !== undefined) return;
    const wait = this.#askedAt + BETWEEN_MS - performance.now();
    if (wait <= 0) this.submit();
    else this.#soon = setTimeout(() => this.submit(), wait);
  }

  /** Asks for the first time; ends when that is answered, or could not be. */
  async begin(): Promise<void> {
    await this.#ask();
  }

  /** Asks at once, unless that is what is being answered. */
  submit(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#asked !== this.#asking) void this.#ask();
  }

  /** Takes all out of the box, and shows the library. */
  clear(): void {
    this.#before = null;
    this.#put(NOTHING);
  }

  addExample(example: Example, name: string): void {
    this.pictures = [...this.pictures, { example, name }];
    this.submit();
  }

  /** Takes the example at this place away. */
  removeExample(at: number): void {
    this.pictures = this.pictures.filter((_, i) => i !== at);
    this.#leave();
  }

  /** `name` may be empty, and is looked up then. */
  moreLike(photo: number, name: string): void {
    this.#unsay(photo);
    this.liked = [...this.liked, { photo, name }];
    if (name === "") void this.#findName(photo);
    this.submit();
  }

  lessLike(photo: number, name: string): void {
    this.#unsay(photo);
    this.unliked = [...this.unliked, { photo, name }];
    if (name === "") void this.#findName(photo);
    this.submit();
  }

  /** Says that more, or less, like a photo is wanted; said again, it is taken back. */
  say(photo: number, more: boolean, name = ""): void {
    if ((more ? this.like : this.unlike).includes(photo)) this.unsay(photo);
    else if (more) this.moreLike(photo, name);
    else this.lessLike(photo, name);
  }

  /** Takes back that more, or less, like this photo is wanted. */
  unsay(photo: number): void {
    this.#unsay(photo);
    this.#leave();
  }

  /** Asks for photos like this one, or like a part of it, in place of all that was asked. */
  findSimilar(photo: number, name: string, crop: Crop | null = null): void {
    const alone = this.text === "" && this.pictures.length === 1;
    if (this.#before === null || !alone) this.#before = this.#standing;
    this.#put({ ...NOTHING, pictures: [{ example: { kind: "photo", photo, crop }, name }] });
  }

  /** Shows exactly these photos, in place of all that was asked. */
  openPhotos(photos: readonly number[]): void {
    if (this.#before === null || this.only.length === 0) this.#before = this.#standing;
    this.#put({ ...NOTHING, only: [...photos] });
  }

  /** Lets all photos answer again. */
  removeOnly(): void {
    this.only = [];
    this.#leave();
  }

  /** Takes the last of the chips away; false where there is none. */
  removeLast(): boolean {
    const said = this.unliked.at(-1) ?? this.liked.at(-1);
    if (said) this.unsay(said.photo);
    else if (this.pictures.length > 0) this.removeExample(this.pictures.length - 1);
    else if (this.only.length > 0) this.removeOnly();
    else return false;
    return true;
  }

  /** What stands in the box and its chips, to be kept. */
  question(): Omit<SavedSearch, "id" | "name"> {
    return {
      query: this.text.trim(),
      examples: this.examples.filter(({ kind }) => kind === "photo"),
      like: this.like,
      unlike: this.unlike,
    };
  }

  /** Asks a kept question again. */
  open(saved: SavedSearch): void {
    const named = (photo: number): NamedPhoto => ({ photo, name: "" });
    this.#before = null;
    this.#put({
      ...NOTHING,
      text: saved.query,
      pictures: saved.examples.map((example) => ({ example, name: nameOf(example) })),
      liked: saved.like.map(named),
      unliked: saved.unlike.map(named),
    });
    const photos = saved.examples.flatMap((example) =>
      example.kind === "photo" ? [example.photo] : [],
    );
    const nameless = [...photos, ...saved.like, ...saved.unlike];
    for (const photo of nameless.filter((id, i) => nameless.indexOf(id) === i)) {
      void this.#findName(photo);
    }
  }

  /** Asks for another order, by the `sort:` in the text. */
  async sort(order: Order): Promise<void> {
    const { text } = this;
    try {
      const reading = await this.#backend.readQuery(text);
      if (text !== this.text) return;
      this.text = ordered(text, reading, order, this.ranked);
      this.submit();
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** Keeps what stands in the box among what was asked before. */
  remember(): void {
    const query = this.text.trim();
    // A history that lacks one question is no reason to interrupt.
    if (query !== "") this.#backend.remember(query).catch(() => undefined);
  }

  /** The end of what has come is near: fetches the next page, where there is one. */
  more(): void {
    const { listing, answered } = this;
    if (listing === null || answered.kind === "library" || this.#next >= listing.total) return;
    if (this.#open > 0 || this.#fetching || this.moreFailure) return;
    // What is folded away is not needed yet.
    if (!this.#unfolded && this.#next >= listing.strong + listing.likely) return;
    void this.#fetchMore(listing, answered);
  }

  /** Fetches once more what of the answer could not be had. */
  retryMore(): void {
    this.moreFailure = null;
    this.more();
  }

  /** The person said this of photos; those on view show it at once. */
  believe(photos: readonly number[], opinion: Opinion): void {
    if (this.listing === null || photos.length === 0) return;
    this.listing = withOpinion(this.listing, photos, opinion);
  }

  /** The request that the answer on view came from, to ask why a photo is part of it. */
  get request(): SearchRequest | null {
    const { answered } = this;
    return answered.kind === "library" ? null : this.#request(answered, 0, 1, 0);
  }

  /** The library has changed: asks the same again, not too often. */
  refresh = coalesce(() => this.#ask(), REFRESH_MS);

  get #standing(): Standing {
    const { text, pictures, liked, unliked, only } = this;
    return { text, pictures, liked, unliked, only };
  }

  /** Asks for this in place of all that stands in the box. */
  #put({ text, pictures, liked, unliked, only }: Standing): void {
    this.text = text;
    this.pictures = pictures;
    this.liked = liked;
    this.unliked = unliked;
    this.only = only;
    this.submit();
  }

  /** A chip is gone: where nothing else is asked, back to what was before similar photos. */
  #leave(): void {
    const before = this.#before;
    if (this.filled || before === null) return this.submit();
    this.#before = null;
    this.#put(before);
  }

  #unsay(photo: number): void {
    this.liked = this.liked.filter((other) => other.photo !== photo);
    this.unliked = this.unliked.filter((other) => other.photo !== photo);
  }

  async #findName(photo: number): Promise<void> {
    // Where the photo is gone, the search says so; the chip keeps its picture or none.
    const found = await this.#backend.photo(photo).catch(() => null);
    if (found === null) return;
    const named = (other: NamedPhoto): NamedPhoto =>
      other.photo === photo ? { ...other, name: found.name } : other;
    this.liked = this.liked.map(named);
    this.unliked = this.unliked.map(named);
    this.pictures = this.pictures.map((picture) =>
      picture.example.kind === "photo" && picture.example.photo === photo
        ? { ...picture, name: found.name }
        : picture,
    );
  }

  /** One text for each question at each strictness. */
  get #asking(): string {
    return `${this.#strictness} ${keyOf(this.#question)}`;
  }

  get #question(): Question {
    const query = this.text.trim();
    const { pictures, liked, unliked, only } = this;
    if (query === "" && pictures.length + liked.length + unliked.length + only.length === 0) {
      return { kind: "library" };
    }
    return { kind: "search", query, examples: pictures, like: liked, unlike: unliked, only };
  }

  async #ask(): Promise<void> {
    this.#askedAt = performance.now();
    this.#asked = this.#asking;
    const question = this.#question;
    const ticket = ++this.#ticket;
    const same = keyOf(question) === this.key;
    // Asked the same again, as much is there as before.
    const limit = same ? Math.max(FIRST_PAGE, this.#next) : FIRST_PAGE;
    const busy = setTimeout(() => (this.busy = true), BUSY_AFTER_MS);
    this.#open++;
    try {
      const listing = await this.#fetch(question, 0, limit, ticket);
      if (ticket !== this.#ticket) return;
      if (!same) this.weakShown = false;
      this.listing = listing;
      this.#next = listing.count;
      this.answered = question;
      this.failure = null;
      this.moreFailure = null;
      this.revision++;
    } catch (thrown) {
      const error = commandError(thrown);
      if (ticket !== this.#ticket || error.code === "cancelled") return;
      this.failure = error;
      this.answered = question;
    } finally {
      clearTimeout(busy);
      if (ticket === this.#ticket) this.#asked = null;
      this.#open--;
      if (this.#open === 0) this.busy = false;
    }
  }

  async #fetchMore(listing: Listing, question: Question): Promise<void> {
    const ticket = ++this.#ticket;
    this.#fetching = true;
    try {
      const page = await this.#fetch(question, this.#next, NEXT_PAGE, ticket);
      if (ticket !== this.#ticket) return;
      // A page without photos is the end, whatever was promised.
      this.#next = page.count > 0 ? page.offset + page.count : page.total;
      this.listing = appended(listing, page);
    } catch (thrown) {
      const error = commandError(thrown);
      if (ticket === this.#ticket && error.code !== "cancelled") this.moreFailure = error;
    } finally {
      this.#fetching = false;
    }
  }

  #fetch(question: Question, offset: number, limit: number, ticket: number): Promise<Listing> {
    if (question.kind === "library") return this.#library(ticket);
    return this.#backend.search(this.#request(question, offset, limit, ticket));
  }

  /** All photos. Where nothing is shown yet, the first of them come to view before the rest. */
  async #library(ticket: number): Promise<Listing> {
    if (this.listing === null) {
      const first = await this.#backend.library(FIRST_PAGE);
      if (first.count < FIRST_PAGE) return first;
      if (ticket === this.#ticket) {
        this.listing = first;
        this.partial = true;
        this.revision++;
      }
    }
    const all = await this.#backend.library();
    this.partial = false;
    return all;
  }

  #request(
    question: Extract<Question, { kind: "search" }>,
    offset: number,
    limit: number,
    ticket: number,
  ): SearchRequest {
    return {
      query: question.query,
      examples: question.examples.map(({ example }) => example),
      like: question.like.map(({ photo }) => photo),
      unlike: question.unlike.map(({ photo }) => photo),
      only: [...question.only],
      strictness: this.#strictness,
      offset,
      limit,
      ticket,
    };
  }
}
