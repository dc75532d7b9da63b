/**
 * Which thumbnails are asked for: those in the window at once, those below it when these have
 * come, and those above it last.
 */

/** A place for a photo, and where that is. */
export interface Wanting {
  /** Stands for a tile that is handed on from photo to photo. */
  slot: number;
  index: number;
  row: number;
}

/** The rows in the window. */
export interface Seen {
  first: number;
  last: number;
}

/** 0 in the window, 1 below it, 2 above it. */
export function turnOf(row: number, { first, last }: Seen): number {
  if (row > last) return 1;
  return row < first ? 2 : 0;
}

export class Thumbnails {
  /** The photo of each slot whose thumbnail has come, or will not. */
  readonly #settled: number[] = [];
  #changes = $state(0);
  readonly #tiles: () => readonly Wanting[];
  readonly #seen: () => Seen;
  readonly #idOf: (index: number) => number | undefined;

  constructor(
    tiles: () => readonly Wanting[],
    seen: () => Seen,
    idOf: (index: number) => number | undefined,
  ) {
    this.#tiles = tiles;
    this.#seen = seen;
    this.#idOf = idOf;
  }

  /** Whose turn it is. */
  readonly #turn = $derived.by(() => {
    void this.#changes;
    const seen = this.#seen();
    let turn = 2;
    for (const { slot, index, row } of this.#tiles()) {
      if (this.#settled[slot] !== this.#idOf(index)) turn = Math.min(turn, turnOf(row, seen));
    }
    return turn;
  });

  /** Whether the thumbnails of a row may be asked for. */
  wanted(row: number): boolean {
    return turnOf(row, this.#seen()) <= this.#turn;
  }

  /** The thumbnail of a photo is there, or cannot be had. */
  settle(slot: number, photo: number): void {
    this.#settled[slot] = photo;
    this.#changes++;
  }
}
