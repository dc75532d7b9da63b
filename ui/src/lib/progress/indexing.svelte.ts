/** The work in the background: how far it is, and pausing it. */
import type { Backend } from "../backend/backend";
import type { Progress, Step } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";

/** Steps that only work reports which is not paused; others go on meanwhile. */
const UNPAUSED: readonly Step[] = ["loadingModel", "indexing", "deferred"];

/** Steps in which there is nothing that could be paused. */
const AT_REST: readonly Step[] = ["idle", "waiting", "diskFull"];

export class Indexing {
  progress = $state.raw<Progress | null>(null);
  paused = $state(false);

  /** Whether there is work under way or held back. */
  readonly active = $derived(
    this.paused || (this.progress !== null && !AT_REST.includes(this.progress.step)),
  );

  #backend: Backend;
  #notices: Notices;

  constructor(backend: Backend, notices: Notices) {
    this.#backend = backend;
    this.#notices = notices;
  }

  update(progress: Progress): void {
    this.progress = progress;
    if (progress.step === "paused") this.paused = true;
    else if (UNPAUSED.includes(progress.step)) this.paused = false;
  }

  async togglePause(): Promise<void> {
    const pause = !this.paused;
    try {
      await (pause ? this.#backend.pause() : this.#backend.resume());
      this.paused = pause;
    } catch (thrown) {
      this.#notices.failed(t(pause ? "progress.pauseFailed" : "progress.resumeFailed"), thrown);
    }
  }
}
