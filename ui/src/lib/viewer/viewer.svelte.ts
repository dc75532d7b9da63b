/**
 * The photo that is seen large. It is held by id, so that it stays the same photo while the list
 * under it grows; its place in the list is looked up.
 */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Photo } from "../backend/dto";
import type { Notices } from "../notices/notices.svelte";

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

export class Viewer {
  id = $state<number | null>(null);
  /** What is known of the photo; null until it has come. */
  photo = $state.raw<Photo | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** The photos go by by themselves. */
  playing = $state(false);

  #backend: Backend;
  #notices: Notices;
  #sequence: () => Sequence;

  constructor(backend: Backend, notices: Notices, sequence: () => Sequence) {
    this.#backend = backend;
    this.#notices = notices;
    this.#sequence = sequence;
  }

  /** Place in the sequence, or -1 when the photo is not, or no longer, part of it. */
  readonly index = $derived.by(() =>
    this.id === null ? -1 : this.#sequence().ids.indexOf(this.id),
  );
  readonly count = $derived.by(() => this.#sequence().shown);
  readonly inAll = $derived.by(() => this.#sequence().inAll);

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
    if (this.id !== null) void this.#load(this.id);
  }

  close(): void {
    this.id = null;
    this.playing = false;
    this.photo = null;
    this.failure = null;
  }

  /** Moves by `by` photos, staying within the list. */
  step(by: number): void {
    if (this.index >= 0) this.goTo(this.index + by);
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
      this.#notices.failed("The folder could not be shown.", thrown);
    }
  }

  async #load(id: number): Promise<void> {
    try {
      const photo = await this.#backend.photo(id);
      if (this.id === id) this.photo = photo;
    } catch (thrown) {
      if (this.id === id) this.failure = commandError(thrown);
    }
  }
}
