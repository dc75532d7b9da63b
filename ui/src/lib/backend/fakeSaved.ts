/** Kept questions, in memory. */
import { says } from "./backend";
import type { CommandError, SavedSearch } from "./dto";

export class FakeSavedSearches {
  #all: SavedSearch[] = [];
  #next = 1;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  all(): SavedSearch[] {
    return [...this.#all];
  }

  get(id: number): SavedSearch {
    const found = this.#all.find((search) => search.id === id);
    if (found) return found;
    const error: CommandError = {
      code: "notFound",
      message: says("there is no saved search {id} in this library any more", { id: String(id) }),
    };
    throw error;
  }

  add(search: Omit<SavedSearch, "id">): SavedSearch {
    this.#refuseTaken(search.name, null);
    const saved = { ...search, id: this.#next++ };
    this.#all.push(saved);
    this.#changed();
    return saved;
  }

  update(search: SavedSearch): void {
    this.get(search.id);
    this.#refuseTaken(search.name, search.id);
    this.#all = this.#all.map((other) => (other.id === search.id ? search : other));
    this.#changed();
  }

  remove(id: number): void {
    this.#all = this.#all.filter((search) => search.id !== id);
    this.#changed();
  }

  #refuseTaken(name: string, but: number | null): void {
    if (!this.#all.some((other) => other.name === name && other.id !== but)) return;
    const error: CommandError = {
      code: "usage",
      message: says(
        'there is a saved search "{name}" already: choose another name, or remove that one first',
        { name },
      ),
    };
    throw error;
  }
}
