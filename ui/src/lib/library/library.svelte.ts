/** The folders that the library follows, and the counts that the window shows of it. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Exclusions, Failure, Overview, Root } from "../backend/dto";
import { coalesce } from "../coalesce";
import type { Notices } from "../notices/notices.svelte";
import { lastPart, photos } from "../words/format";

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
  #onread: (overview: Overview) => void;

  /** `onread` hears of the library whenever it was read. */
  constructor(
    backend: Backend,
    notices: Notices,
    onread: (overview: Overview) => void = () => undefined,
  ) {
    this.#backend = backend;
    this.#notices = notices;
    this.#onread = onread;
  }

  /** Reads where things stand; rejects where that fails. */
  async read(): Promise<void> {
    const overview = await this.#backend.overview();
    this.overview = overview;
    this.#onread(overview);
  }

  async open(): Promise<void> {
    try {
      await this.read();
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
      this.#notices.failed("The state of the library could not be read.", thrown);
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
      this.#notices.failed("The folder could not be chosen.", thrown);
    } finally {
      this.adding = false;
    }
  }

  async addFolders(paths: readonly string[]): Promise<void> {
    this.adding = true;
    for (const path of paths) await this.#add(path);
    this.adding = false;
  }

  async removeFolder(root: Root): Promise<void> {
    try {
      await this.#backend.removeRoot(root.id);
      this.#notices.done(`${lastPart(root.path)} is no longer in the library.`);
      await this.read();
    } catch (thrown) {
      this.#notices.failed(`${lastPart(root.path)} could not be removed.`, thrown);
    }
  }

  /** Leaves this out of a folder from now on; rejects where a pattern is none. */
  async exclude(root: Root, exclusions: Exclusions): Promise<void> {
    await this.#backend.setExclusions(root.id, exclusions);
    this.refresh();
  }

  async rescan(): Promise<void> {
    try {
      await this.#backend.rescan();
    } catch (thrown) {
      this.#notices.failed("Your folders could not be looked through.", thrown);
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
        retried === 0
          ? "There is nothing left to try again."
          : `${photos(retried)} will be tried again.`,
      );
      await this.loadFailures();
      this.refresh();
    } catch (thrown) {
      this.#notices.failed("The photos could not be tried again.", thrown);
    }
  }

  async #add(path: string): Promise<void> {
    try {
      await this.#backend.addRoot(path);
      await this.read();
    } catch (thrown) {
      this.#notices.failed(`${lastPart(path)} could not be added.`, thrown);
    }
  }
}
