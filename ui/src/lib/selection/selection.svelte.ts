/** The photos of an answer that are chosen, to do something to all of them. They are held by id. */
import {
  clicked,
  everything,
  exactly,
  moved,
  NOTHING_CHOSEN,
  within,
  type Chosen,
  type Held,
  type Ids,
} from "./choosing";

export class Selection {
  #chosen = $state.raw<Chosen>(NOTHING_CHOSEN);

  get ids(): ReadonlySet<number> {
    return this.#chosen.chosen;
  }

  /** The photo that keys start from; null where there is none. */
  get current(): number | null {
    return this.#chosen.current;
  }

  get count(): number {
    return this.ids.size;
  }

  has(id: number): boolean {
    return this.ids.has(id);
  }

  /** Another photo is the current one; what is chosen stays. */
  look(id: number): void {
    if (id !== this.current) this.#chosen = { ...this.#chosen, current: id };
  }

  /** A photo of `all` was clicked. */
  click(all: Ids, id: number, held: Held): void {
    this.#chosen = clicked(this.#chosen, all, id, held);
  }

  /** A key led to a photo of `all`. */
  move(all: Ids, id: number, held: Held): void {
    this.#chosen = moved(this.#chosen, all, id, held);
  }

  all(all: Ids): void {
    this.#chosen = everything(this.#chosen, all);
  }

  /** Exactly these are chosen, as by a frame that is drawn around them. */
  set(ids: Iterable<number>): void {
    this.#chosen = exactly(this.#chosen, ids);
  }

  clear(): void {
    if (this.count > 0) this.#chosen = { ...exactly(this.#chosen, []), anchor: null };
  }

  /** Another answer has come: what is not part of it is no longer chosen. */
  keep(all: Ids): void {
    if (this.#chosen !== NOTHING_CHOSEN) this.#chosen = within(this.#chosen, all);
  }
}
