/** Which photos of the grid are chosen, and whether what can be done to them is offered. */
import type { Held } from "../selection/choosing";
import type { Selection } from "../selection/selection.svelte";
import { amongst, nearestLeft, toggledAll } from "./amongst";

const NOTHING_HELD: Held = { shift: false, control: false };

/** What is held with a click or a key. On a Mac, Command stands for Control. */
export function heldWith(event: MouseEvent | KeyboardEvent): Held {
  return { shift: event.shiftKey, control: event.ctrlKey || event.metaKey };
}

export class GridChoice {
  readonly #selection: Selection;
  readonly #ids: () => Uint32Array;
  #before: Uint32Array = new Uint32Array();
  /** Photos are being gathered one by one, be there only one as yet. */
  #gathering = $state(false);

  /** `ids` are the photos on view, in order. */
  constructor(selection: Selection, ids: () => Uint32Array) {
    this.#selection = selection;
    this.#ids = ids;
  }

  get gathered(): boolean {
    const { count } = this.#selection;
    return count > 1 || (count === 1 && this.#gathering);
  }

  click(id: number, held: Held): void {
    this.#gathering = held.control;
    this.#selection.click(this.#ids(), id, held);
  }

  /** Chooses a photo beside the others, or no longer. */
  toggle(id: number): void {
    this.click(id, { shift: false, control: true });
  }

  alone(id: number): void {
    this.click(id, NOTHING_HELD);
  }

  /** A key led to a photo. */
  move(id: number, held: Held): void {
    if (!held.control) this.#gathering = false;
    this.#selection.move(this.#ids(), id, held);
  }

  all(): void {
    this.#selection.all(this.#ids());
  }

  /** Exactly these, as a frame holds them. */
  frame(ids: Iterable<number>): void {
    this.#gathering = true;
    this.#selection.set(ids);
  }

  clear(): void {
    this.#gathering = false;
    this.#selection.clear();
  }

  /** Whether all of these are chosen, or only some: `mixed`. */
  amongst(ids: Uint32Array): boolean | "mixed" {
    return amongst(this.#selection.ids, ids);
  }

  /** Chooses all of these beside the others, or where they are, none of them. */
  toggleAll(ids: Uint32Array): void {
    this.frame(toggledAll(this.#selection.ids, ids));
  }

  /** Other photos are on view: what is not among them is no longer chosen. */
  follow(same: boolean): void {
    const ids = this.#ids();
    const before = this.#before;
    const { current } = this.#selection;
    const at = current === null ? -1 : before.indexOf(current);
    this.#before = ids;
    this.#selection.keep(ids);
    if (!same || at < 0 || this.#selection.current !== null) return;
    // Keys go on from where the photo was.
    const next = nearestLeft(before, at, ids);
    if (next !== undefined) this.#selection.look(next);
  }
}
