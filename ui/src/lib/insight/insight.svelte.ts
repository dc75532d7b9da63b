/** The figures of the vectors that photos are found by, computed when the page is looked at. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Insight as Figures } from "../backend/dto";

/** With fewer photos the figures say nothing. */
export const LEAST_PHOTOS = 24;

export class Insight {
  /** Null until they were computed. */
  figures = $state.raw<Figures | null>(null);
  failure = $state.raw<CommandError | null>(null);
  busy = $state(false);
  /** The person stopped it. */
  stopped = $state(false);

  #backend: Backend;
  #stale = true;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The page has come up: computes what was not, or has changed. */
  open(): () => void {
    if (this.#stale && !this.busy) void this.compute();
    return () => {
      if (this.busy) void this.cancel();
    };
  }

  /** The library, or the model, has changed. */
  changed(): void {
    this.#stale = true;
  }

  async compute(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.stopped = false;
    this.failure = null;
    this.#stale = false;
    try {
      this.figures = await this.#backend.insight();
    } catch (thrown) {
      this.#stale = true;
      const error = commandError(thrown);
      if (error.code === "cancelled") this.stopped = true;
      else this.failure = error;
    } finally {
      this.busy = false;
    }
  }

  async cancel(): Promise<void> {
    // Where it cannot be stopped it ends by itself.
    await this.#backend.cancelInsight().catch(() => undefined);
  }
}
