/** The folders that the library follows, and the counts that the window shows of it. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Exclusions, Failure, Folder, Overview, Root } from "../backend/dto";
import { coalesce } from "../coalesce";
import { History } from "../history/history.svelte";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import { lastPart } from "../words/format";

const REFRESH_MS = 1000;

export class Library {
  overview = $state.raw<Overview | null>(null);
  /** Why the library could not be opened. */
  failure = $state.raw<CommandError | null>(null);
  /** A folder is being chosen or added. */
  adding = $state(false);
  /** Nothing can be changed: the library is open for reading only. */
  readonly fixed = $derived((this.overview?.readOnly ?? null) !== null);
  /** What could not be read; null until it was asked for. */
  failures = $state.raw<readonly Failure[] | null>(null);
  /** Why that list could not be read. */
  failuresFailure = $state.raw<CommandError | null>(null);

  #backend: Backend;
  #notices: Notices;
  #history: History;
  #onread: (overview: Overview) => void;

  /** `onread` hears of the library whenever it was read. */
  constructor(
    backend: Backend,
    notices: Notices,
    onread: (overview: Overview) => void = () => undefined,
    history: History = new History(notices),
  ) {
    this.#backend = backend;
    this.#notices = notices;
    this.#history = history;
    this.#onread = onread;
  }

  /** Reads where things stand; rejects where that fails. */
  async read(glance = false): Promise<void> {
    const overview = await this.#backend.overview(glance);
    this.overview = overview;
    this.#onread(overview);
  }

  /** Reads it for the first time: what can be told at once. */
  async open(): Promise<void> {
    try {
      await this.read(true);
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** Something has changed: reads the counts again, not too often. */
  refresh = coalesce(async () => {
    try {
      await this.read();
    } catch (thrown) {
      this.#notices.failed(t("library.readFailed"), thrown);
    }
  }, REFRESH_MS);

  /** Lets a folder be chosen and adds it. */
  async chooseFolder(): Promise<void> {
    if (this.adding) return;
    this.adding = true;
    try {
      const path = await this.#backend.chooseFolder();
      if (path !== null) await this.#add(path);
    } catch (thrown) {
      this.#notices.failed(t("library.chooseFailed"), thrown);
    } finally {
      this.adding = false;
    }
  }

  async addFolders(paths: readonly string[]): Promise<void> {
    this.adding = true;
    for (const path of paths) await this.#add(path);
    this.adding = false;
  }

  /** Another folder of the library that a folder lies in. */
  outer({ path }: Root): Root | null {
    const inside = (outer: string): boolean =>
      path.length > outer.length &&
      path.startsWith(outer) &&
      /[\\/]/.test(path[outer.length] ?? "");
    return this.overview?.roots.find((root) => inside(root.path.replace(/[\\/]$/, ""))) ?? null;
  }

  /** Taken back, the folder is there again with its photos and all that was said of them. */
  async removeFolder(root: Root): Promise<void> {
    const folder = lastPart(root.path);
    try {
      await this.#backend.removeRoot(root.id);
      this.#history.did(t("library.removed", { folder }), async () => {
        await this.#backend.restoreRoot(root.id);
        await this.read();
      });
      await this.read();
    } catch (thrown) {
      this.#notices.failed(t("library.removeFailed", { folder }), thrown);
    }
  }

  /** Leaves this out of a folder from now on; rejects where a pattern is none. */
  async exclude(root: Root, exclusions: Exclusions): Promise<void> {
    await this.#backend.setExclusions(root.id, exclusions);
    this.#history.push(t("library.exclusionsChanged", { folder: lastPart(root.path) }), () =>
      this.#include(root.id, root.exclusions),
    );
    this.refresh();
  }

  /** Leaves a folder below one of the library out from now on. */
  async excludeFolder({ root, path, name }: Folder): Promise<void> {
    try {
      const before = await this.#backend.excludeFolder(root, path);
      this.#history.did(t("library.excluded", { folder: name }), () => this.#include(root, before));
      this.refresh();
    } catch (thrown) {
      this.#notices.failed(t("library.excludeFailed", { folder: name }), thrown);
    }
  }

  /** Shows a folder in the system's file browser. */
  async revealFolder({ root, path, name }: Folder): Promise<void> {
    try {
      await this.#backend.revealFolder(root, path);
    } catch (thrown) {
      this.#notices.failed(t("library.revealFailed", { folder: name }), thrown);
    }
  }

  async rescan(): Promise<void> {
    try {
      await this.#backend.rescan();
    } catch (thrown) {
      this.#notices.failed(t("library.rescanFailed"), thrown);
    }
  }

  async loadFailures(): Promise<void> {
    try {
      this.failures = await this.#backend.failures();
      this.failuresFailure = null;
    } catch (thrown) {
      this.failures = null;
      this.failuresFailure = commandError(thrown);
    }
  }

  async retryFailures(): Promise<void> {
    try {
      const retried = await this.#backend.retryFailures();
      this.#notices.done(
        retried === 0 ? t("library.nothingToRetry") : t("library.retrying", { count: retried }),
      );
      await this.loadFailures();
      this.refresh();
    } catch (thrown) {
      this.#notices.failed(t("library.retryFailed"), thrown);
    }
  }

  /** Leaves out only what was left out before. */
  async #include(root: number, exclusions: Exclusions): Promise<void> {
    await this.#backend.setExclusions(root, exclusions);
    this.refresh();
  }

  async #add(path: string): Promise<void> {
    try {
      await this.#backend.addRoot(path);
      await this.read();
    } catch (thrown) {
      this.#notices.failed(t("library.addFailed", { folder: lastPart(path) }), thrown);
    }
  }
}
