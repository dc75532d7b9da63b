/** The questions that were kept, and how many photos each finds now. */
import { SvelteMap } from "svelte/reactivity";

import { commandError, type Backend } from "../backend/backend";
import type { CommandError, SavedSearch } from "../backend/dto";
import { coalesce } from "../coalesce";
import { History } from "../history/history.svelte";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import type { Search } from "../search/search.svelte";

/** Between two rounds of counting. */
export const ROUND_MS = 5000;

/** What is asked, without the name that it was given. */
export type KeptQuestion = Omit<SavedSearch, "id" | "name">;

/** More photos than these say no more of what is wanted. */
export const MOST_LIKE = 200;

/** At most so many of them, as far apart as can be. */
function evenly(photos: readonly number[], most: number): number[] {
  if (photos.length <= most) return [...photos];
  const step = photos.length / most;
  return Array.from({ length: most }, (_, i) => photos[Math.floor(i * step)] ?? 0);
}

export function sameQuestion(one: KeptQuestion, other: KeptQuestion): boolean {
  return parts(one) === parts(other);
}

function parts({ query, examples, like, unlike }: KeptQuestion): string {
  const pictures = examples.map((example) => {
    const { crop } = example;
    const what =
      example.kind === "photo"
        ? example.photo
        : example.kind === "file"
          ? example.path
          : example.picture;
    return [example.kind, what, crop && [crop.left, crop.top, crop.width, crop.height]];
  });
  return JSON.stringify([query.trim(), pictures, like, unlike]);
}

export class SavedSearches {
  /** Null until they were read. */
  all = $state.raw<readonly SavedSearch[] | null>(null);
  /** Why they could not be read. */
  failure = $state.raw<CommandError | null>(null);
  /** Photos that each finds, by its id, once they were counted. */
  readonly counts = new SvelteMap<number, number>();

  /** The one that is asked now. */
  readonly current = $derived.by(() => {
    const asked = this.#search.question();
    // A picture that cannot be kept makes it another question.
    if (asked.examples.length < this.#search.examples.length) return null;
    if (this.#search.only.length > 0) return null;
    return this.all?.find((saved) => sameQuestion(saved, asked)) ?? null;
  });
  /** Whether a question is asked that can be kept, and is not yet. */
  readonly keepable = $derived.by(() => this.#search.keepable && this.current === null);

  #backend: Backend;
  #notices: Notices;
  #history: History;
  #search: Search;
  #watchers = 0;
  #stale = true;
  #last: Promise<void> = Promise.resolve();

  constructor(
    backend: Backend,
    notices: Notices,
    search: Search,
    history: History = new History(notices),
  ) {
    this.#backend = backend;
    this.#notices = notices;
    this.#history = history;
    this.#search = search;
  }

  /** What is asked now. */
  get question(): KeptQuestion {
    return this.#search.question();
  }

  /** Reads what is kept; counts what is another question than before. */
  async load(): Promise<void> {
    const before = this.all ?? [];
    try {
      this.all = await this.#backend.savedSearches();
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
      return;
    }
    for (const saved of this.all) {
      const same = before.some((old) => old.id === saved.id && sameQuestion(old, saved));
      if (!same) this.counts.delete(saved.id);
    }
    this.#fill();
  }

  /** The counts are on view, until the returned function is called. */
  watch(): () => void {
    this.#watchers++;
    this.wake();
    return () => this.#watchers--;
  }

  /** The window may have come to view: counts what has changed meanwhile. */
  wake(): void {
    if (this.#stale) this.recount();
  }

  /**
   * The counts may be others now: finds them out one after the other, not too often, and not as
   * long as nobody sees them.
   */
  recount(): void {
    this.#stale = true;
    if (this.#seen && this.all !== null) this.#round();
  }

  open(saved: SavedSearch): void {
    this.#search.open(saved);
  }

  /** Keeps what is asked now under a name; rejects where the name is taken. */
  async keep(name: string): Promise<void> {
    await this.#backend.saveSearch({ name, ...this.#search.question() });
    await this.load();
  }

  /**
   * Keeps what is like these photos under a name; of many, some taken evenly. Rejects where the
   * name is taken.
   */
  async keepLike(name: string, photos: readonly number[]): Promise<void> {
    const like = evenly(photos, MOST_LIKE);
    await this.#backend.saveSearch({ name, query: "", examples: [], like, unlike: [] });
    await this.load();
  }

  /** Rejects where the name is taken. */
  async rename(saved: SavedSearch, name: string): Promise<void> {
    if (name === saved.name) return;
    await this.#backend.updateSearch({ ...saved, name });
    await this.load();
  }

  /** Keeps what is asked now under the name of another question. */
  async replace(saved: SavedSearch): Promise<void> {
    const asked = { ...saved, ...this.#search.question() };
    await this.#change(
      t("saved.replaceFailed", { name: saved.name }),
      () => this.#backend.updateSearch(asked),
      t("saved.replaced", { name: saved.name }),
      () => this.#backend.updateSearch(saved),
    );
  }

  async remove(saved: SavedSearch): Promise<void> {
    const { id, ...question } = saved;
    await this.#change(
      t("saved.removeFailed", { name: saved.name }),
      () => this.#backend.removeSearch(id),
      t("saved.removed", { name: saved.name }),
      () => this.#backend.saveSearch(question),
    );
  }

  /** Does something that can be taken back. */
  async #change(
    failed: string,
    work: () => Promise<unknown>,
    done: string,
    undo: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await work();
      this.#history.did(done, async () => {
        await undo();
        await this.load();
      });
      await this.load();
    } catch (thrown) {
      this.#notices.failed(failed, thrown);
    }
  }

  /** Counts all. */
  #round = coalesce(() => this.#countAll(() => true), ROUND_MS);
  /** Counts what was not counted yet. */
  #fill = coalesce(() => this.#countAll((id) => !this.counts.has(id)), 0);

  async #countAll(wanted: (id: number) => boolean): Promise<void> {
    this.#stale = false;
    for (const { id } of this.all ?? []) {
      if (!this.#seen) {
        this.#stale = true;
        return;
      }
      if (wanted(id)) await this.#count(id);
    }
  }

  /** Counts one, once those are counted that were wanted before. */
  #count(id: number): Promise<void> {
    const counted = this.#last.then(async () => {
      try {
        this.counts.set(id, await this.#backend.countSearch(id));
      } catch {
        // What went wrong the search itself says when it is asked.
        this.counts.delete(id);
      }
    });
    this.#last = counted;
    return counted;
  }

  get #seen(): boolean {
    return this.#watchers > 0 && document.visibilityState === "visible";
  }
}
