/** Controls over a photo, which go when nothing was done for a while and come back with anything. */

/** Without a pointer or a key for so long, they go. */
export const FADE_MS = 2000;

export class Awake {
  on = $state(true);

  #held: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at: { x: number; y: number } | null = null;

  /** `held` tells whether they are being used, and stay. */
  constructor(held: () => boolean) {
    this.#held = held;
  }

  /** Something was done. */
  wake(): void {
    this.on = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), FADE_MS);
  }

  /** The pointer is here. Browsers say so as well when only what is under it has moved. */
  pointer(x: number, y: number): void {
    const moved = this.#at === null || this.#at.x !== x || this.#at.y !== y;
    this.#at = { x, y };
    if (moved) this.wake();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #rest(): void {
    if (this.#held()) this.wake();
    else this.on = false;
  }
}
