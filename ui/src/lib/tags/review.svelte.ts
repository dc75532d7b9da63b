/**
 * The photos of a category, to be looked through: what it suggests, what has it, and what was said
 * not to have it. A decision takes its photos off the list at once; what the category learns from
 * it moves the others only when the person pauses, so that nothing jumps under the keys.
 */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Decision, Learned, ReviewOf, ReviewPhoto } from "../backend/dto";
import type { Notices } from "../notices/notices.svelte";
import { t } from "../i18n/i18n.svelte";
import { decidedWords, decisionWords } from "../words/tags";
import {
  alone,
  clicked,
  everything,
  following,
  type Held,
  moved,
  NOTHING_CHOSEN,
  type Chosen,
  within,
  without,
} from "../selection/choosing";
import { nameOf } from "./names";
import type { Tags } from "./tags.svelte";

/** Photos of each page. */
export const PAGE = 200;
/** A pause in deciding after which the list takes its new order. */
export const PAUSE_MS = 1500;

export class Review {
  /** The category looked through. */
  category = $state<string | null>(null);
  of = $state<ReviewOf>("suggested");
  /** What has come of the list; null until it was read. */
  photos = $state.raw<readonly ReviewPhoto[] | null>(null);
  /** How many there are in all. */
  total = $state(0);
  failure = $state.raw<CommandError | null>(null);
  selection = $state.raw<Chosen>(NOTHING_CHOSEN);
  /** What the category learned last; null where it did not, or that was taken back. */
  learned = $state.raw<Learned | null>(null);
  /** For who listens: what was just done. */
  said = $state("");
  /** Grows with every other list, so that its grid begins at the top. */
  revision = $state(0);

  readonly ids: readonly number[] = $derived((this.photos ?? []).map(({ id }) => id));
  /** What a decision is about: what is chosen, or else the current photo. */
  readonly targets: readonly number[] = $derived.by(() => {
    const { chosen, current } = this.selection;
    if (chosen.size > 0) return this.ids.filter((id) => chosen.has(id));
    return current === null ? [] : [current];
  });

  #backend: Backend;
  #notices: Notices;
  #tags: Tags;
  /** Decisions reach the engine in the order in which they were made. */
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #ticket = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #fetching = false;

  constructor(backend: Backend, notices: Notices, tags: Tags) {
    this.#backend = backend;
    this.#notices = notices;
    this.#tags = tags;
  }

  /** Begins with a list of a category. */
  open(category: string, of: ReviewOf = "suggested"): void {
    if (category !== this.category) this.learned = null;
    this.category = category;
    this.show(of);
  }

  /** Switches to another of its lists. */
  show(of: ReviewOf): void {
    this.of = of;
    this.photos = null;
    this.total = 0;
    this.failure = null;
    this.selection = NOTHING_CHOSEN;
    this.revision++;
    void this.load();
  }

  /** The engine says that tags are others now. */
  changed(): void {
    if (this.category !== null && this.photos !== null) this.#readAfterPause();
  }

  /** Reads as much of the list as is there; what is chosen stays so. */
  async load(): Promise<void> {
    clearTimeout(this.#pause);
    const { category, of } = this;
    if (category === null) return;
    const ticket = ++this.#ticket;
    try {
      const limit = Math.max(PAGE, this.photos?.length ?? 0);
      const page = await this.#backend.review(category, of, 0, limit);
      // A decision made meanwhile is not in this list yet.
      if (ticket !== this.#ticket) return;
      this.photos = page.photos;
      this.total = page.total;
      this.failure = null;
      this.selection = within(this.selection, this.ids);
      const first = this.ids[0];
      if (this.selection.current === null && first !== undefined) this.selection = alone(first);
    } catch (thrown) {
      if (ticket !== this.#ticket) return;
      if (this.photos === null) this.failure = commandError(thrown);
      else this.#notices.failed(t("review.rereadFailed"), thrown);
    }
  }

  /** The end of what has come is near. */
  more(): void {
    if (this.photos !== null && this.photos.length < this.total && !this.#fetching) {
      void this.#fetchMore(this.photos);
    }
  }

  click(id: number, held: Held): void {
    this.selection = clicked(this.selection, this.ids, id, held);
  }

  /** A key leads to a photo. */
  move(id: number, held: Held): void {
    this.selection = moved(this.selection, this.ids, id, held);
  }

  /** A photo was seen large: it is decided on next, unless several are chosen. */
  saw(id: number): void {
    if (!this.ids.includes(id)) return;
    if (this.selection.chosen.size <= 1) this.selection = alone(id);
    else this.selection = { ...this.selection, current: id };
  }

  selectAll(): void {
    this.selection = everything(this.selection, this.ids);
  }

  /** Decides on what is chosen. */
  decide(decision: Decision | null): void {
    this.#decide(this.targets, decision);
  }

  /** Confirms all photos of the list that have come. */
  confirmAll(): void {
    this.#decide(this.ids, "confirmed");
  }

  /** Takes back what was decided of all photos of the list, of those that have not come, too. */
  async takeAllBack(): Promise<void> {
    const { category, of } = this;
    if (category === null || this.photos === null) return;
    while (this.photos.length < this.total) {
      const before: readonly ReviewPhoto[] = this.photos;
      await this.#fetchMore(before);
      // The list has become another meanwhile, or its rest cannot be read.
      if (category !== this.category || of !== this.of || this.photos === before) return;
    }
    this.#decide(this.ids, null);
  }

  /** Takes back what was done last, wherever that was. */
  async undo(): Promise<void> {
    await this.#last;
    await this.#tags.history.undo();
  }

  #decide(targets: readonly number[], decision: Decision | null): void {
    const { category, photos } = this;
    if (category === null || photos === null || targets.length === 0) return;
    const next = following(this.ids, targets);
    this.photos = without(photos, targets);
    this.total = Math.max(this.photos.length, this.total - targets.length);
    this.selection = next === null ? NOTHING_CHOSEN : alone(next);
    this.#ticket++;
    this.#waiting++;
    this.#last = this.#last.then(() => this.#send([...targets], category, decision));
    void this.#tags.history.during(this.#last);
  }

  async #send(targets: number[], category: string, decision: Decision | null): Promise<void> {
    try {
      const { changed, batch, learned } = await this.#backend.decide(targets, category, decision);
      if (category === this.category) this.said = decidedWords(changed, decision);
      if (batch !== null) {
        const kept = this.#tags.get(category);
        const words = decisionWords(kept ? nameOf(kept) : category, changed, decision);
        this.#tags.history.push(words, () => this.#takeBack(batch, category, targets));
      }
      if (learned && category === this.category) {
        // From how many examples it learned, the tree says.
        await this.#tags.load();
        this.learned = learned;
      } else this.#tags.changed();
    } catch (thrown) {
      this.#notices.failed(t("review.decideFailed"), thrown);
    }
    this.#waiting--;
    if (category === this.category) this.#readAfterPause();
  }

  /** Takes a decision back; its first photo is the one to go on with. */
  async #takeBack(batch: number, category: string, photos: readonly number[]): Promise<void> {
    await this.#tags.undo(batch);
    if (category !== this.category) return;
    this.learned = null;
    this.said = "";
    await this.load();
    const back = photos.find((id) => this.ids.includes(id));
    if (back !== undefined) this.selection = alone(back);
  }

  #readAfterPause(): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      if (this.#waiting > 0) this.#readAfterPause();
      else void this.load();
    }, PAUSE_MS);
  }

  async #fetchMore(before: readonly ReviewPhoto[]): Promise<void> {
    const { category, of } = this;
    if (category === null) return;
    const ticket = this.#ticket;
    this.#fetching = true;
    try {
      const page = await this.#backend.review(category, of, before.length, PAGE);
      if (ticket !== this.#ticket) return;
      const known = before.map(({ id }) => id);
      const fresh = without(page.photos, known);
      this.photos = [...before, ...fresh];
      // A page without photos is the end, whatever was promised.
      this.total = fresh.length === 0 ? this.photos.length : page.total;
    } catch (thrown) {
      if (ticket !== this.#ticket) return;
      this.total = before.length;
      this.#notices.failed(t("review.restFailed"), thrown);
    } finally {
      this.#fetching = false;
    }
  }
}
