/** What Afterimage keeps on this computer, and what of it can be forgotten from here. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Storage } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";

export class Stored {
  /** Null until it was read. */
  storage = $state.raw<Storage | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** The search history is being forgotten. */
  forgetting = $state(false);

  #backend: Backend;
  #notices: Notices;

  constructor(backend: Backend, notices: Notices) {
    this.#backend = backend;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    try {
      this.storage = await this.#backend.storage();
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  async forgetHistory(): Promise<void> {
    if (this.forgetting) return;
    this.forgetting = true;
    try {
      await this.#backend.forgetHistory();
      this.#notices.done(t("settings.historyForgotten"));
    } catch (thrown) {
      this.#notices.failed(t("settings.historyNotForgotten"), thrown);
    } finally {
      this.forgetting = false;
    }
  }

  async reveal(): Promise<void> {
    try {
      await this.#backend.revealLibrary();
    } catch (thrown) {
      this.#notices.failed(t("settings.revealFailed"), thrown);
    }
  }
}
