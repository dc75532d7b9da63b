/** Photos that go by by themselves. The time of each counts from when it is seen. */
import { recall, remember } from "../remember";
import type { Viewer } from "./viewer.svelte";

/** Seconds a photo. */
export const SECONDS = { least: 2, usual: 4, most: 15 } as const;
const REMEMBERED = "slideshow.seconds";

export class Slideshow {
  paused = $state(false);

  #viewer: Viewer;
  #seconds = $state(recalled());

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
  }

  /** How long each photo is seen. Remembered. */
  get seconds(): number {
    return this.#seconds;
  }

  set seconds(seconds: number) {
    this.#seconds = within(seconds);
    remember(REMEMBERED, String(this.#seconds));
  }

  get playing(): boolean {
    return this.#viewer.playing;
  }

  start(photo: number): void {
    this.paused = false;
    this.#viewer.play(photo);
  }

  stop(): void {
    this.paused = false;
    this.#viewer.playing = false;
  }

  /**
   * The photo is seen: lets the next follow in time, and returns what keeps it from that. After the
   * last the show is over; where more are still to come it waits for them.
   */
  seen(): () => void {
    if (!this.playing || this.paused) return () => undefined;
    const { index, count, inAll } = this.#viewer;
    if (index >= count - 1 && count < inAll) return () => undefined;
    const timer = setTimeout(() => {
      if (index < 0 || index >= count - 1) this.stop();
      else this.#viewer.step(1);
    }, this.seconds * 1000);
    return () => clearTimeout(timer);
  }
}

function recalled(): number {
  const value = Number(recall(REMEMBERED) ?? SECONDS.usual);
  return Number.isFinite(value) ? within(value) : SECONDS.usual;
}

function within(seconds: number): number {
  return Math.max(SECONDS.least, Math.min(SECONDS.most, Math.round(seconds)));
}
