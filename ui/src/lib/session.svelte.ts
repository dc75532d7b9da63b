/** The controllers of one window, and the engine's events led to them. */
import type { Backend } from "./backend/backend";
import { Indexing } from "./progress/indexing.svelte";
import { Library } from "./library/library.svelte";
import { Models } from "./models/models.svelte";
import { Notices } from "./notices/notices.svelte";
import { Search } from "./search/search.svelte";
import { Settings } from "./settings/settings.svelte";
import { Work } from "./settings/work.svelte";
import { Viewer } from "./viewer/viewer.svelte";

const NO_PHOTOS = new Uint32Array();

export class Session {
  readonly backend: Backend;
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly library: Library;
  readonly models: Models;
  readonly search: Search;
  readonly indexing: Indexing;
  readonly work: Work;
  readonly viewer: Viewer;
  /** A folder is held over the window. */
  dragging = $state(false);

  #stop: (() => void) | undefined;

  constructor(backend: Backend) {
    this.backend = backend;
    this.library = new Library(backend, this.notices, (overview) => {
      if (this.models.see(overview)) this.search.refresh();
    });
    this.models = new Models(backend, this.notices, this.library, this.settings);
    this.search = new Search(backend);
    this.indexing = new Indexing(backend, this.notices);
    this.work = new Work(backend, this.notices);
    this.viewer = new Viewer(backend, this.notices, () => ({
      ids: this.search.listing?.ids ?? NO_PHOTOS,
      shown: this.search.shown,
      inAll: this.search.shownInAll,
      more: () => this.search.more(),
    }));
  }

  /** Follows the engine's events, then reads where things stand. */
  async start(): Promise<void> {
    try {
      this.#stop ??= await this.backend.subscribe({
        progress: (progress) => {
          const finished = progress.step === "idle" && this.indexing.progress?.step !== "idle";
          this.indexing.update(progress);
          if (finished) this.library.refresh();
        },
        libraryChanged: () => {
          this.library.refresh();
          this.search.refresh();
        },
        rootsChanged: () => {
          this.library.refresh();
          this.search.refresh();
        },
        engineFailed: (error) =>
          this.notices.failed("Something went wrong in the background.", error),
        dragging: (active) => (this.dragging = active),
        install: (install) => this.models.follow(install),
        modelsChanged: () => void this.models.changed(),
        savedSearchesChanged: () => undefined,
        // Over the list of models, a folder is meant to be one.
        dropped: (paths) =>
          void (this.settings.section === "models"
            ? this.models.add(paths)
            : this.library.addFolders(paths)),
      });
    } catch (thrown) {
      this.notices.failed("Changes will not be shown until you start Afterimage again.", thrown);
    }
    await this.library.open();
    if (this.library.failure) return;
    void this.models.load();
    this.indexing.paused = this.library.overview?.paused ?? false;
    this.search.submit();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
