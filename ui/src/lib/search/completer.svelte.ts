/**
 * What is proposed under the search box: filters, their values and searches that were saved while
 * one types, and in the empty box what was asked before.
 */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Completion, SavedSearch } from "../backend/dto";
import type { MessageKey } from "../i18n/i18n.svelte";
import { QUERY_SAMPLES } from "../words/examples";

/** Between keys; a pause longer than this has something proposed. */
export const PROPOSE_MS = 60;
/** What was asked before is shown up to here, so that the samples stay in sight. */
const RECENT = 8;
/** Saved searches that are proposed at a time, so that filters stay in sight. */
const SAVED = 4;

/** A search that was saved, with what it finds; null where that was not counted. */
export interface Kept {
  search: SavedSearch;
  count: number | null;
}

export type Proposal =
  | { kind: "completion"; completion: Completion }
  | ({ kind: "saved" } & Kept)
  | { kind: "asked"; query: string }
  | { kind: "forget" }
  | { kind: "sample"; query: string; meaning: MessageKey };

export class Completer {
  proposals = $state.raw<readonly Proposal[]>([]);
  /** The one that the keys have come to; -1 for none. */
  active = $state(-1);
  /** Why what was asked before is not among them. */
  failure = $state.raw<CommandError | null>(null);
  /** The text that they are proposed for. */
  text = $state("");

  readonly open = $derived(this.proposals.length > 0);
  /** Whether they go into the text, and do not replace it. */
  readonly completing = $derived(this.proposals[0]?.kind === "completion");

  #backend: Backend;
  #saved: () => readonly Kept[];
  #asked = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;

  /** `saved` are the searches that may be proposed. */
  constructor(backend: Backend, saved: () => readonly Kept[] = () => []) {
    this.#backend = backend;
    this.#saved = saved;
  }

  /** Proposes what fits at `cursor`, once the typing pauses. */
  propose(text: string, cursor: number): void {
    clearTimeout(this.#pause);
    if (text.trim() === "" || !this.completing) this.close();
    if (text.trim() === "") return;
    this.#pause = setTimeout(() => void this.#complete(text, cursor), PROPOSE_MS);
  }

  /** Proposes what was asked before, and samples. */
  async recall(): Promise<void> {
    this.close();
    const asked = this.#asked;
    let queries: string[] = [];
    let failure: CommandError | null = null;
    try {
      queries = await this.#backend.history();
    } catch (thrown) {
      failure = commandError(thrown);
    }
    if (asked !== this.#asked) return;
    this.failure = failure;
    this.#show([
      ...queries.slice(0, RECENT).map((query) => ({ kind: "asked", query }) as const),
      ...(queries.length > 0 ? [{ kind: "forget" } as const] : []),
      ...QUERY_SAMPLES.map((sample) => ({ kind: "sample", ...sample }) as const),
    ]);
  }

  /** Forgets what was asked before. */
  async forget(): Promise<void> {
    try {
      await this.#backend.forgetHistory();
      await this.recall();
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** To the next one, or the one before; behind the last comes the first. */
  move(by: 1 | -1): void {
    const { length } = this.proposals;
    const from = this.active < 0 && by < 0 ? 0 : this.active;
    this.active = (from + by + length) % length;
  }

  close(): void {
    clearTimeout(this.#pause);
    this.#asked++;
    this.failure = null;
    this.#show([]);
  }

  #show(proposals: readonly Proposal[]): void {
    this.proposals = proposals;
    this.active = -1;
  }

  async #complete(text: string, cursor: number): Promise<void> {
    const asked = ++this.#asked;
    // An aid that does not come is missed by nobody; what is wrong the search says.
    const found = await this.#backend.complete(text, cursor).catch(() => []);
    if (asked !== this.#asked) return;
    this.text = text;
    // What stands there already needs no proposing.
    const other = found.filter(({ from, to, text: put }) => text.slice(from, to) !== put);
    this.#show([
      ...other.map((completion) => ({ kind: "completion", completion }) as const),
      ...this.#keptLike(text).map((kept) => ({ kind: "saved", ...kept }) as const),
    ]);
  }

  /** Saved searches with a word in their name that begins as the whole text does. */
  #keptLike(text: string): Kept[] {
    const typed = text.trim().toLowerCase();
    const begins = (name: string): boolean =>
      name.startsWith(typed) || name.split(/\s+/).some((word) => word.startsWith(typed));
    return this.#saved()
      .filter(({ search }) => search.query !== text.trim() && begins(search.name.toLowerCase()))
      .slice(0, SAVED);
  }
}

/** A text with a completion put in, and where the caret goes on. */
export function completed(
  text: string,
  { from, to, text: put }: Completion,
): { text: string; caret: number } {
  const after = text.slice(to);
  // A value is done with; after a filter's name comes its value.
  const gap = put.endsWith(":") || after.startsWith(" ") ? "" : " ";
  const head = text.slice(0, from) + put + gap;
  const caret = head.length + (gap === "" && !put.endsWith(":") ? 1 : 0);
  return { text: head + after, caret };
}
