/** What is known of photos that are compared. */
import { SvelteMap } from "svelte/reactivity";

import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Photo } from "../backend/dto";

export class Compared {
  readonly photos = new SvelteMap<number, Photo>();
  /** Why nothing is known of some. */
  readonly failures = new SvelteMap<number, CommandError>();

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Reads what is known of these, which may have changed. */
  async load(ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#read(id)));
  }

  async #read(id: number): Promise<void> {
    try {
      this.photos.set(id, await this.#backend.photo(id));
      this.failures.delete(id);
    } catch (thrown) {
      this.failures.set(id, commandError(thrown));
    }
  }
}
