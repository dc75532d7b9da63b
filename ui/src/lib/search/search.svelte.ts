/**
 * What is asked of the library and the photos that answer it. An empty box asks for the whole
 * library. Answers that come after a newer question was asked are dropped; while a question is
 * open, the photos of the one before stay.
 */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError } from "../backend/dto";
import { firmCount, type Listing } from "../backend/listing";
import { coalesce } from "../coalesce";

/** Between keys of one word; a pause longer than this asks. */
export const DEBOUNCE_MS = 120;
/** What takes longer shows that it is under way; less would only flicker. */
export const BUSY_AFTER_MS = 150;
/** Between two requests to have ready what a search by words needs. */
export const WARM_MS = 5000;
/** Between refreshes while the library grows: often enough to watch, rare enough to be free. */
const REFRESH_MS = 1500;

export type Question =
  | { kind: "library" }
  | { kind: "text"; query: string }
  | { kind: "similar"; photo: number; name: string };

type Similar = Extract<Question, { kind: "similar" }>;

export class Search {
  /** What stands in the box. */
  text = $state("");
  /** The photo that others are compared with, in place of words. */
  similar = $state.raw<Similar | null>(null);
  listing = $state.raw<Listing | null>(null);
  /** The question that `listing` answers. */
  answered = $state.raw<Question>({ kind: "library" });
  /** Grows with every answer, also to the same question. */
  revision = $state(0);
  busy = $state(false);
  failure = $state.raw<CommandError | null>(null);
  /** Whether the weaker matches are unfolded. */
  weakShown = $state(false);

  /** Strong and likely matches at the start of the listing; null where nothing is scored. */
  readonly firm = $derived(this.listing && firmCount(this.listing));
  /** Only weak matches: what comes closest is shown then, and said to be no more than that. */
  readonly noneFirm = $derived(this.listing !== null && this.listing.count > 0 && this.firm === 0);
  /** How many photos of the listing are on view. */
  readonly shown = $derived.by(() => {
    if (this.listing === null) return 0;
    const all = this.weakShown || this.noneFirm || this.firm === null;
    return all ? this.listing.count : (this.firm ?? 0);
  });
  /** One text for each question, to tell a new one from a refresh. */
  readonly key = $derived(keyOf(this.answered));

  #backend: Backend;
  #debounce: ReturnType<typeof setTimeout> | undefined;
  // Begins with the clock: after the page is loaded anew, the engine, which remembers the highest
  // ticket, must not take its searches for old ones.
  #ticket = Date.now();
  #open = 0;
  #textBefore = "";
  #warmed = -Infinity;

  constructor(backend: Backend) {
    this.#backend = backend;
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

  /** The box now holds `text`; asks once the typing pauses. */
  type(text: string): void {
    if (text.trim() !== "") this.warm();
    this.text = text;
    this.similar = null;
    clearTimeout(this.#debounce);
    if (text.trim() === "") void this.#ask();
    else this.#debounce = setTimeout(() => void this.#ask(), DEBOUNCE_MS);
  }

  /** Asks at once. */
  submit(): void {
    clearTimeout(this.#debounce);
    void this.#ask();
  }

  clear(): void {
    this.type("");
  }

  findSimilar(photo: number, name: string): void {
    if (!this.similar) this.#textBefore = this.text;
    this.text = "";
    this.similar = { kind: "similar", photo, name };
    this.submit();
  }

  /** Back to what was asked before the similar photos. */
  leaveSimilar(): void {
    this.similar = null;
    this.text = this.#textBefore;
    this.submit();
  }

  /** The library has changed: asks the same again, not too often. */
  refresh = coalesce(() => this.#ask(), REFRESH_MS);

  get #question(): Question {
    if (this.similar) return this.similar;
    const query = this.text.trim();
    return query === "" ? { kind: "library" } : { kind: "text", query };
  }

  async #ask(): Promise<void> {
    const question = this.#question;
    const ticket = ++this.#ticket;
    const busy = setTimeout(() => (this.busy = true), BUSY_AFTER_MS);
    this.#open++;
    try {
      const listing = await this.#fetch(question, ticket);
      if (ticket !== this.#ticket) return;
      if (keyOf(question) !== this.key) this.weakShown = false;
      this.listing = listing;
      this.answered = question;
      this.failure = null;
      this.revision++;
    } catch (thrown) {
      const error = commandError(thrown);
      if (ticket !== this.#ticket || error.code === "cancelled") return;
      this.failure = error;
      this.answered = question;
    } finally {
      clearTimeout(busy);
      this.#open--;
      if (this.#open === 0) this.busy = false;
    }
  }

  #fetch(question: Question, ticket: number): Promise<Listing> {
    switch (question.kind) {
      case "library":
        return this.#backend.library();
      case "text":
        return this.#backend.search({ query: question.query, similarTo: null, ticket });
      case "similar":
        return this.#backend.search({ query: "", similarTo: question.photo, ticket });
    }
  }
}

function keyOf(question: Question): string {
  switch (question.kind) {
    case "library":
      return "library";
    case "text":
      return `text:${question.query}`;
    case "similar":
      return `similar:${question.photo}`;
  }
}
