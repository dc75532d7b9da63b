/** Thumbnails for the map: asked for when they are wanted, kept as long as there is room. */

const MOST_KEPT = 900;
/** Asked for at a time: the rest follow as these come. */
const MOST_OPEN = 24;

export class Pictures {
  readonly #source: (id: number) => string;
  readonly #came: () => void;
  /** The one used last comes last. */
  readonly #kept = new Map<number, { image: HTMLImageElement; there: boolean }>();
  #open = 0;

  constructor(source: (id: number) => string, came: () => void) {
    this.#source = source;
    this.#came = came;
  }

  /** The picture of a photo, where it has come; else asks for it, where `ask` allows that. */
  get(id: number, ask: boolean): HTMLImageElement | null {
    const known = this.#kept.get(id);
    if (known) {
      this.#kept.delete(id);
      this.#kept.set(id, known);
      return known.there ? known.image : null;
    }
    if (ask && this.#open < MOST_OPEN) this.#ask(id);
    return null;
  }

  clear(): void {
    this.#kept.clear();
  }

  #ask(id: number): void {
    const image = new Image();
    const picture = { image, there: false };
    this.#kept.set(id, picture);
    this.#open++;
    image.onload = () => {
      this.#open--;
      picture.there = true;
      this.#came();
    };
    // A photo without a thumbnail stays a dot.
    image.onerror = () => {
      this.#open--;
      this.#came();
    };
    image.src = this.#source(id);
    if (this.#kept.size > MOST_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
  }
}
