/** Whether tags, ratings and favourites are written beside the photos, and how. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, SidecarReport, SidecarSettings } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import { writtenWords } from "../words/sidecars";

export class Sidecars {
  /** Null until they were read. */
  settings = $state.raw<SidecarSettings | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** What a dry run found; null where there was none, or it holds no longer. */
  preview = $state.raw<SidecarReport | null>(null);
  /** What was written the last time. */
  report = $state.raw<SidecarReport | null>(null);
  busy = $state<"preview" | "write" | null>(null);

  #backend: Backend;
  #notices: Notices;

  constructor(backend: Backend, notices: Notices) {
    this.#backend = backend;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    try {
      this.settings = await this.#backend.sidecarSettings();
      this.failure = null;
    } catch (thrown) {
      if (this.settings === null) this.failure = commandError(thrown);
    }
  }

  /** Shows the choice at once, and takes it back where it cannot be kept. */
  async set(change: Partial<SidecarSettings>): Promise<void> {
    const before = this.settings;
    if (before === null) return;
    const settings = { ...before, ...change };
    this.settings = settings;
    // Other names mean other files.
    if (settings.naming !== before.naming) this.forget();
    try {
      await this.#backend.setSidecarSettings(settings);
    } catch (thrown) {
      if (this.settings === settings) this.settings = before;
      this.#notices.failed(t("settings.choiceNotKept"), thrown);
    }
  }

  /** Finds out what would be written, without writing. */
  async look(): Promise<void> {
    await this.#run("preview", async () => {
      this.report = null;
      this.preview = await this.#backend.writeSidecars(true);
    });
  }

  async write(): Promise<void> {
    await this.#run("write", async () => {
      this.report = await this.#backend.writeSidecars(false);
      this.preview = null;
      if (this.report.failed.length === 0) this.#notices.done(writtenWords(this.report));
    });
  }

  /** What was found out is no longer shown. */
  forget(): void {
    this.preview = null;
    this.report = null;
  }

  async #run(what: "preview" | "write", work: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = what;
    try {
      await work();
    } catch (thrown) {
      this.#notices.failed(
        what === "write" ? t("settings.writeFailed") : t("settings.previewFailed"),
        thrown,
      );
    } finally {
      this.busy = null;
    }
  }
}
