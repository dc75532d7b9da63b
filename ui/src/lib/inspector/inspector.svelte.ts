/**
 * What is known of the photo that is looked at: its facts, why it answers, and what is like it. All
 * of it is read anew for another photo; what comes late for one before is dropped.
 */
import { commandError, type Backend, type SearchRequest } from "../backend/backend";
import type { CommandError, Explanation, Photo } from "../backend/dto";
import type { Listing } from "../backend/listing";
import type { Notices } from "../notices/notices.svelte";
import { PhotoTags } from "../tags/photoTags.svelte";
import type { Tags } from "../tags/tags.svelte";

/** Photos that are shown as similar ones. */
const SIMILAR = 12;
/** Keys that rush through the photos read nothing on their way. */
const REST_MS = 120;

export class Inspector {
  readonly tags: PhotoTags;
  /** Null until it has come. */
  photo = $state.raw<Photo | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** Null where nothing is asked. */
  why = $state.raw<Explanation | null>(null);
  whyFailure = $state.raw<CommandError | null>(null);
  similar = $state.raw<Listing | null>(null);
  similarFailure = $state.raw<CommandError | null>(null);

  #backend: Backend;
  #request: () => SearchRequest | null;
  #id: number | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** `request` is what is asked now. */
  constructor(backend: Backend, notices: Notices, tags: Tags, request: () => SearchRequest | null) {
    this.#backend = backend;
    this.#request = request;
    this.tags = new PhotoTags(backend, notices, tags);
  }

  /** Looks at a photo; null looks at none. */
  look(id: number | null): void {
    if (id === this.#id) return;
    const before = this.#id;
    this.#id = id;
    clearTimeout(this.#rest);
    if (id === null) {
      this.#forget();
      this.tags.close();
    } else if (before === null) this.#read(id);
    else this.#rest = setTimeout(() => this.#read(id), REST_MS);
  }

  /** Something about photos has changed. */
  changed(): void {
    if (this.#id === null) return;
    void this.#readPhoto(this.#id);
    void this.explain();
  }

  /** Reads all once more, after something failed. */
  retry(): void {
    if (this.#id !== null) this.#read(this.#id);
  }

  /** Asks why the photo answers what is asked now. */
  async explain(): Promise<void> {
    const id = this.#id;
    const request = this.#request();
    if (id === null || request === null) {
      this.why = null;
      this.whyFailure = null;
      return;
    }
    try {
      const why = await this.#backend.explain(id, request);
      if (id !== this.#id) return;
      this.why = why;
      this.whyFailure = null;
    } catch (thrown) {
      const error = commandError(thrown);
      if (id === this.#id && error.code !== "cancelled") this.whyFailure = error;
    }
  }

  #read(id: number): void {
    this.#forget();
    this.tags.open(id);
    void this.#readPhoto(id);
    void this.#readSimilar(id);
    void this.explain();
  }

  async #readPhoto(id: number): Promise<void> {
    try {
      const photo = await this.#backend.photo(id);
      if (id !== this.#id) return;
      this.photo = photo;
      this.failure = null;
    } catch (thrown) {
      if (id === this.#id) this.failure = commandError(thrown);
    }
  }

  async #readSimilar(id: number): Promise<void> {
    try {
      const similar = await this.#backend.similar(id, SIMILAR);
      if (id !== this.#id) return;
      this.similar = similar;
      this.similarFailure = null;
    } catch (thrown) {
      if (id === this.#id) this.similarFailure = commandError(thrown);
    }
  }

  #forget(): void {
    this.photo = null;
    this.failure = null;
    this.why = null;
    this.whyFailure = null;
    this.similar = null;
    this.similarFailure = null;
  }
}
