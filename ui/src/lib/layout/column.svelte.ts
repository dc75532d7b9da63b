/** A column at the side of the window: beside the rest, or over it where the window is narrow. */
import { MediaQuery } from "svelte/reactivity";

import type { Panel } from "./layout.svelte";

export class Column {
  readonly panel: Panel;
  #narrow: MediaQuery;
  /** Open over the rest, which lasts no longer than it is needed. */
  #laid = $state(false);

  /** `below` is the width of the window, in pixels, from which on it lies beside the rest. */
  constructor(panel: Panel, below: number) {
    this.panel = panel;
    this.#narrow = new MediaQuery(`max-width: ${below - 0.02}px`);
  }

  /** Whether it lies over the rest. */
  get over(): boolean {
    return this.#narrow.current;
  }

  get open(): boolean {
    return this.over ? this.#laid : this.panel.open;
  }

  set open(open: boolean) {
    if (this.over) this.#laid = open;
    else this.panel.open = open;
  }

  toggle(): void {
    this.open = !this.open;
  }

  /** Closes it where it lies over the rest. */
  leave(): void {
    this.#laid = false;
  }
}
