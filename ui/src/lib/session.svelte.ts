/** The controllers of one window, and the engine's events led to them. */
import { Actions } from "./actions/actions.svelte";
import { Exporting } from "./actions/exporting.svelte";
import type { Backend } from "./backend/backend";
import type { Crop, Overview } from "./backend/dto";
import { Duplicates } from "./duplicates/duplicates.svelte";
import { Folders } from "./folders/folders.svelte";
import { History } from "./history/history.svelte";
import { t } from "./i18n/i18n.svelte";
import { Insight } from "./insight/insight.svelte";
import { Indexing } from "./progress/indexing.svelte";
import { Inspector } from "./inspector/inspector.svelte";
import { Layout } from "./layout/layout.svelte";
import { Library } from "./library/library.svelte";
import { MapOfPhotos } from "./map/map.svelte";
import { Models } from "./models/models.svelte";
import { Notices } from "./notices/notices.svelte";
import { isPicture, Pictures } from "./pictures/pictures";
import { SavedSearches } from "./saved/saved.svelte";
import { Search } from "./search/search.svelte";
import { Selection } from "./selection/selection.svelte";
import { Settings } from "./settings/settings.svelte";
import { Sidecars } from "./settings/sidecars.svelte";
import { Work } from "./settings/work.svelte";
import { Shortcuts } from "./shortcuts/shortcuts.svelte";
import { PhotoTags } from "./tags/photoTags.svelte";
import { Review } from "./tags/review.svelte";
import { tagQuery, Tags } from "./tags/tags.svelte";
import { type Sequence, Viewer } from "./viewer/viewer.svelte";

/** How long what is beside the photos waits for them at the start. */
const PHOTOS_FIRST_MS = 2000;
const NO_PHOTOS = new Uint32Array();

/**
 * What is on view: photos that answer a question, those that are there more than once, those of a
 * category, suggestions that were rejected, the map of all, or the figures of what they are found by.
 */
export type View = "photos" | "duplicates" | "review" | "rejected" | "map" | "insight";

export class Session {
  readonly backend: Backend;
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly layout = new Layout();
  readonly shortcuts = new Shortcuts();
  readonly selection = new Selection();
  readonly history: History;
  readonly actions: Actions;
  readonly exporting: Exporting;
  readonly inspector: Inspector;
  readonly folders: Folders;
  readonly library: Library;
  readonly models: Models;
  readonly search: Search;
  readonly saved: SavedSearches;
  readonly duplicates: Duplicates;
  readonly tags: Tags;
  readonly review: Review;
  readonly photoTags: PhotoTags;
  readonly insight: Insight;
  readonly map: MapOfPhotos;
  readonly sidecars: Sidecars;
  readonly pictures: Pictures;
  readonly indexing: Indexing;
  readonly work: Work;
  readonly viewer: Viewer;
  view = $state<View>("photos");
  /** Something is held over the window. */
  dragging = $state(false);

  /** The photos that are looked at where these are no answer. */
  #group = $state.raw(NO_PHOTOS);

  /** Tags that are asked for are others since the viewer was opened. */
  #tagsMoved = false;
  #stop: (() => void) | undefined;

  constructor(backend: Backend) {
    this.backend = backend;
    this.history = new History(this.notices, () => this.#earlier());
    const onread = (overview: Overview): void => {
      if (!this.models.see(overview)) return;
      // Another index answers.
      this.search.refresh();
      this.saved.recount();
      this.duplicates.changed();
      this.insight.changed();
      this.map.changed();
    };
    this.library = new Library(backend, this.notices, onread, this.history);
    this.models = new Models(backend, this.notices, this.library, this.settings);
    this.search = new Search(backend);
    this.folders = new Folders(backend);
    this.exporting = new Exporting(backend);
    this.indexing = new Indexing(backend, this.notices);
    this.work = new Work(backend, this.notices);
    this.saved = new SavedSearches(backend, this.notices, this.search, this.history);
    this.duplicates = new Duplicates(backend, this.notices, this.history);
    this.tags = new Tags(backend, this.notices, this.history);
    this.review = new Review(backend, this.notices, this.tags);
    this.photoTags = new PhotoTags(backend, this.notices, this.tags);
    this.insight = new Insight(backend);
    this.map = new MapOfPhotos(backend);
    this.sidecars = new Sidecars(backend, this.notices);
    this.pictures = new Pictures(backend, this.notices, this.search);
    this.actions = new Actions(backend, this.notices, this.history, this.search, this.selection);
    this.inspector = new Inspector(backend, this.notices, this.tags, () => this.search.request);
    this.viewer = new Viewer(backend, this.notices, () =>
      this.view === "photos" ? this.#answer() : whole(this.#group),
    );
  }

  /** Shows a photo large, among these: those that are the same, of a category, or near it. */
  look(among: readonly number[], photo: number): void {
    this.#group = Uint32Array.from(among);
    this.viewer.open(photo);
  }

  /** Looks through the photos of a category. */
  reviewCategory(id: string): void {
    this.review.open(id);
    this.view = "review";
  }

  /** Asks for all photos with a tag. */
  showTagged(id: string): void {
    const category = this.tags.get(id);
    if (category) this.ask(tagQuery(category));
  }

  /** Asks this in place of all that was asked. */
  ask(query: string): void {
    this.search.open({ id: 0, name: "", query, examples: [], like: [], unlike: [] });
    this.view = "photos";
  }

  /** Asks for photos like this one, or like a part of it. */
  findSimilar(photo: number, name = "", crop: Crop | null = null): void {
    if (this.viewer.id !== null) this.closeViewer();
    this.view = "photos";
    this.search.findSimilar(photo, name, crop);
  }

  /** Closes the viewer; what its photos' tags have changed is asked anew. */
  closeViewer(): void {
    this.viewer.close();
    if (this.#tagsMoved) this.search.refresh();
    this.#tagsMoved = false;
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
        tagsChanged: () => this.#tagsChanged(),
        opinionsChanged: () => this.#opinionsChanged(),
        exportProgress: (progress) => this.exporting.follow(progress),
        mapProgress: (done) => this.map.follow(done),
        savedSearchesChanged: () => void this.saved.load(),
        engineFailed: (error) => this.notices.failed(t("shell.engineFailed"), error),
        dragging: (active) => (this.dragging = active && !this.actions.dragging),
        install: (install) => this.models.follow(install),
        modelsChanged: () => void this.models.changed(),
        dropped: (paths) => {
          if (!this.actions.dragging) this.#dropped(paths);
        },
      });
    } catch (thrown) {
      this.notices.failed(t("shell.unfollowed"), thrown);
    }
    const opened = this.library.open();
    // Beside it: the photos are what the person waits for.
    const answered = this.search.begin();
    await opened;
    if (this.library.failure) return;
    this.indexing.paused = this.library.overview?.paused ?? false;
    // The photos come first, but nothing waits for a list that does not come.
    await Promise.race([answered, new Promise((late) => setTimeout(late, PHOTOS_FIRST_MS))]);
    this.library.refresh();
    void this.models.load();
    void this.saved.load();
    void this.tags.load();
    void this.folders.load();
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
    this.folders.changed();
    this.search.refresh();
    this.saved.recount();
    this.duplicates.changed();
    this.tags.changed();
    this.insight.changed();
    this.map.changed();
  }

  #tagsChanged(): void {
    this.tags.changed();
    this.review.changed();
    this.photoTags.changed();
    this.inspector.tags.changed();
    // What is asked may be a matter of tags. The photos under the viewer stay meanwhile.
    if (/(?:tag|suggested):/.test(this.search.text)) {
      if (this.viewer.id === null) this.search.refresh();
      else this.#tagsMoved = true;
    }
    this.saved.recount();
  }

  /** Decisions of an earlier day are not taken back by a key alone. */
  #earlier(): boolean {
    const what = this.tags.undoes;
    if (what === null) return false;
    const run = (): void =>
      void this.tags.undo().catch((thrown) => this.notices.failed(t("shared.undoFailed"), thrown));
    this.notices.done(t("shared.earlier", { what }), { words: t("shared.undo"), run });
    return true;
  }

  #opinionsChanged(): void {
    this.viewer.refresh();
    this.inspector.changed();
    if (/(?:is|has|rating):/.test(this.search.text)) this.search.refresh();
    this.saved.recount();
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
