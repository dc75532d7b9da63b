/** The controllers of one window, and the engine's events led to them. */
import type { Backend } from "./backend/backend";
import type { DuplicateGroup } from "./backend/dto";
import { Duplicates } from "./duplicates/duplicates.svelte";
import { Indexing } from "./progress/indexing.svelte";
import { Library } from "./library/library.svelte";
import { Models } from "./models/models.svelte";
import { Notices } from "./notices/notices.svelte";
import { isPicture, Pictures } from "./pictures/pictures";
import { SavedSearches } from "./saved/saved.svelte";
import { Search } from "./search/search.svelte";
import { Settings } from "./settings/settings.svelte";
import { Work } from "./settings/work.svelte";
import { type Sequence, Viewer } from "./viewer/viewer.svelte";

const NO_PHOTOS = new Uint32Array();

export class Session {
  readonly backend: Backend;
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly library: Library;
  readonly models: Models;
  readonly search: Search;
  readonly saved: SavedSearches;
  readonly duplicates: Duplicates;
  readonly pictures: Pictures;
  readonly indexing: Indexing;
  readonly work: Work;
  readonly viewer: Viewer;
  /** Photos that answer a question, or those that are there more than once. */
  view = $state<"photos" | "duplicates">("photos");
  /** Something is held over the window. */
  dragging = $state(false);

  /** The group of duplicates whose photos are looked at. */
  #group = $state.raw(NO_PHOTOS);

  #stop: (() => void) | undefined;

  constructor(backend: Backend) {
    this.backend = backend;
    this.library = new Library(backend, this.notices, (overview) => {
      if (!this.models.see(overview)) return;
      // Another index answers.
      this.search.refresh();
      this.saved.recount();
      this.duplicates.changed();
    });
    this.models = new Models(backend, this.notices, this.library, this.settings);
    this.search = new Search(backend);
    this.indexing = new Indexing(backend, this.notices);
    this.work = new Work(backend, this.notices);
    this.saved = new SavedSearches(backend, this.notices, this.search);
    this.duplicates = new Duplicates(backend, this.notices);
    this.pictures = new Pictures(backend, this.notices, this.search);
    this.viewer = new Viewer(backend, this.notices, () =>
      this.view === "duplicates" ? whole(this.#group) : this.#answer(),
    );
  }

  /** Shows a photo large, among those that are the same, or nearly. */
  look({ photos }: DuplicateGroup, photo: number): void {
    this.#group = Uint32Array.from(photos, ({ id }) => id);
    this.viewer.open(photo);
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
        libraryChanged: () => this.#changed(),
        rootsChanged: () => this.#changed(),
        savedSearchesChanged: () => void this.saved.load(),
        engineFailed: (error) =>
          this.notices.failed("Something went wrong in the background.", error),
        dragging: (active) => (this.dragging = active),
        install: (install) => this.models.follow(install),
        modelsChanged: () => void this.models.changed(),
        dropped: (paths) => this.#dropped(paths),
      });
    } catch (thrown) {
      this.notices.failed("Changes will not be shown until you start Afterimage again.", thrown);
    }
    await this.library.open();
    if (this.library.failure) return;
    void this.models.load();
    void this.saved.load();
    this.indexing.paused = this.library.overview?.paused ?? false;
    this.search.submit();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #answer(): Sequence {
    const { listing, shown, shownInAll } = this.search;
    return {
      ids: listing?.ids ?? NO_PHOTOS,
      shown,
      inAll: shownInAll,
      more: () => this.search.more(),
    };
  }

  #changed(): void {
    this.library.refresh();
    this.search.refresh();
    this.saved.recount();
    this.duplicates.changed();
  }

  #dropped(paths: readonly string[]): void {
    // Over the list of models, a folder is meant to be one.
    if (this.settings.section === "models") {
      void this.models.add(paths);
      return;
    }
    // Nothing can be found as long as there is no folder.
    const searchable = (this.library.overview?.roots.length ?? 0) > 0;
    const pictures = searchable ? paths.filter(isPicture) : [];
    const folders = paths.filter((path) => !pictures.includes(path));
    if (folders.length > 0) void this.library.addFolders(folders);
    if (pictures.length === 0) return;
    this.settings.close();
    this.viewer.close();
    this.view = "photos";
    this.pictures.drop(pictures);
  }
}

/** Photos that are all there. */
function whole(ids: Uint32Array<ArrayBuffer>): Sequence {
  return { ids, shown: ids.length, inAll: ids.length, more: () => undefined };
}
