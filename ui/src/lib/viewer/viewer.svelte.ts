/**
 * The photo that is seen large. It is held by id, so that it stays the same photo while the list
 * under it grows; its place in the list is looked up.
 */
import { SvelteMap } from "svelte/reactivity";

import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Photo } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import { recall, remember } from "../remember";

/** The photos that the viewer steps through: the first `shown` of `ids`. */
export interface Sequence {
  ids: Uint32Array;
  shown: number;
  /** How many there will be once all have come. */
  inAll: number;
  /** Has more of them come, where there are more. */
  more(): void;
}

/** So near to the end more photos are wanted. */
const AHEAD = 20;
const FILMSTRIP = "viewer.filmstrip";
const INFO = "viewer.info";

export class Viewer {
  id = $state<number | null>(null);
  /** What is known of the photo; null until it has come. */
  photo = $state.raw<Photo | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** The photos go by by themselves. */
  playing = $state(false);
  /** Counts up when what is known of photos may be another. */
  revision = $state(0);

  #filmstrip = $state(recall(FILMSTRIP) !== "no");
  #info = $state(recall(INFO) === "yes");
  /** Quarters that the view of a photo is turned to the right, as long as the window is open. */
  readonly #turns = new SvelteMap<number, number>();
  /** The last place that the photo had, for when it has none any more. */
  #last = -1;
  #backend: Backend;
  #notices: Notices;
  #sequence: () => Sequence;

  constructor(backend: Backend, notices: Notices, sequence: () => Sequence) {
    this.#backend = backend;
    this.#notices = notices;
    this.#sequence = sequence;
  }

  /** Place in the sequence, or -1 when the photo is not, or no longer, part of it. */
  readonly index = $derived.by(() => {
    const index = this.id === null ? -1 : this.#sequence().ids.indexOf(this.id);
    if (index >= 0) this.#last = index;
    return index;
  });
  /** The photos of the sequence; the first `count` are on view. */
  readonly ids = $derived.by(() => this.#sequence().ids);
  readonly count = $derived.by(() => this.#sequence().shown);
  readonly inAll = $derived.by(() => this.#sequence().inAll);

  /** The row of thumbnails is shown. Remembered. */
  get filmstrip(): boolean {
    return this.#filmstrip;
  }

  set filmstrip(shown: boolean) {
    this.#filmstrip = shown;
    remember(FILMSTRIP, shown ? "yes" : "no");
  }

  /** All that is known of the photo is shown beside it. Remembered. */
  get info(): boolean {
    return this.#info;
  }

  set info(shown: boolean) {
    this.#info = shown;
    remember(INFO, shown ? "yes" : "no");
  }

  /** Quarters that the view of a photo is turned to the right, 0 to 3. */
  turns(id: number): number {
    return this.#turns.get(id) ?? 0;
  }

  /** Turns the view of a photo by quarters to the right; its file stays as it is. */
  turn(id: number, by: number): void {
    this.#turns.set(id, (((this.turns(id) + by) % 4) + 4) % 4);
  }

  open(id: number): void {
    if (id === this.id) return;
    this.id = id;
    this.photo = null;
    this.failure = null;
    void this.#load(id);
    if (this.index > this.count - AHEAD) this.#sequence().more();
  }

  /** Lets the photos go by from this one on. */
  play(id: number): void {
    this.open(id);
    this.playing = true;
  }

  /** What is known of the photo may be another. */
  refresh(): void {
    this.revision += 1;
    if (this.id !== null) void this.#load(this.id);
  }

  close(): void {
    this.id = null;
    this.#last = -1;
    this.playing = false;
    this.photo = null;
    this.failure = null;
  }

  /**
   * Moves by `by` photos, staying within the list. From a photo that is no longer part of it, that
   * is from between its neighbours.
   */
  step(by: number): void {
    if (this.index >= 0) this.goTo(this.index + by);
    else if (this.#last >= 0) this.goTo(by > 0 ? this.#last + by - 1 : this.#last + by);
  }

  /** Opens the photo at a place in the list, the nearest end beyond it. */
  goTo(index: number): void {
    const { ids, shown } = this.#sequence();
    const id = ids[Math.max(0, Math.min(shown - 1, index))];
    if (id !== undefined && this.id !== null) this.open(id);
  }

  /** The ids before and after, to have their pictures at hand. */
  get neighbours(): number[] {
    const { ids, shown } = this.#sequence();
    const { index } = this;
    if (index < 0) return [];
    return [index + 1, index - 1].flatMap((at) => {
      const id = at >= 0 && at < shown ? ids[at] : undefined;
      return id === undefined ? [] : [id];
    });
  }

  async reveal(id: number): Promise<void> {
    try {
      await this.#backend.reveal(id);
    } catch (thrown) {
      this.#notices.failed(t("viewer.revealFailed"), thrown);
    }
  }

  async #load(id: number): Promise<void> {
    try {
      const photo = await this.#backend.photo(id);
      if (this.id !== id) return;
      this.photo = photo;
      this.failure = null;
    } catch (thrown) {
      if (this.id === id) this.failure = commandError(thrown);
    }
  }
}
