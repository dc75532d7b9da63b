/** The backend of the desktop shell. */
import { convertFileSrc, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWebview } from "@tauri-apps/api/webview";

import { versioned } from "./address";
import type { Backend, BackendEvents } from "./backend";
import type {
  About,
  Application,
  Category,
  CommandError,
  Completion,
  Conditions,
  Decided,
  DuplicateGroup,
  Exclusions,
  Explanation,
  Exported,
  ExportProgress,
  Failure,
  Folder,
  Insight,
  Install,
  Message,
  Model,
  Overview,
  Photo,
  PhotoTag,
  Policy,
  Progress,
  Rated,
  Reading,
  Removed,
  Restored,
  ReviewPage,
  Root,
  SavedSearch,
  SidecarReport,
  SidecarSettings,
  Storage,
  TagTree,
  Trashed,
} from "./dto";
import { decodeListing } from "./listing";
import { decodePhotoMap } from "./photoMap";

export const tauriBackend: Backend = {
  overview: (glance = false) => invoke<Overview>("overview", { glance }),
  chooseFolder: () => invoke<string | null>("choose_folder"),
  addRoot: (path) => invoke<Root>("add_root", { path }),
  removeRoot: (id) => invoke("remove_root", { id }),
  restoreRoot: (id) => invoke("restore_root", { id }),
  setExclusions: (id, exclusions) => invoke("set_exclusions", { id, exclusions }),
  excludeFolder: (root, path) => invoke<Exclusions>("exclude_folder", { root, path }),
  revealFolder: (root, path) => invoke("reveal_folder", { root, path }),
  proposedFolder: () => invoke<string | null>("proposed_folder"),
  folders: () => invoke<Folder[]>("folders"),
  library: async (most) => decodeListing(await invoke<ArrayBuffer>("library", { most })),
  search: async (request) => decodeListing(await invoke<ArrayBuffer>("search", { request })),
  similar: async (photo, limit) =>
    decodeListing(await invoke<ArrayBuffer>("similar", { photo, limit })),
  explain: (photo, request) => invoke<Explanation>("explain", { photo, request }),
  readQuery: (query) => invoke<Reading>("read_query", { query }),
  complete: (query, cursor) => invoke<Completion[]>("complete", { query, cursor }),
  keepPicture: (bytes) => invoke<number>("keep_picture", bytes),
  pictureUrl: (picture) => convertFileSrc(`pasted-${picture}`, "photo"),
  history: () => invoke<string[]>("history"),
  remember: (query) => invoke("remember_query", { query }),
  forgetHistory: () => invoke("forget_history"),

  savedSearches: () => invoke<SavedSearch[]>("saved_searches"),
  saveSearch: (search) => invoke<SavedSearch>("save_search", { search }),
  updateSearch: (search) => invoke("update_search", { search }),
  removeSearch: (id) => invoke("remove_search", { id }),
  countSearch: (id) => invoke<number>("count_search", { id }),

  duplicates: (kind) => invoke<DuplicateGroup[]>("duplicates", { kind }),
  unchangedPhotos: (photos) => invoke<number[]>("unchanged_photos", { photos }),
  trash: (photos) => invoke<Trashed>("trash", { photos }),
  restore: (photos) => invoke<Restored>("restore", { photos }),

  photo: (id) => invoke<Photo>("photo", { id }),
  setFavourite: (photos, favourite) => invoke<number[]>("set_favourite", { photos, favourite }),
  setRating: (photos, stars) => invoke<Rated[]>("set_rating", { photos, stars }),
  failures: () => invoke<Failure[]>("failures"),
  retryFailures: () => invoke<number>("retry_failures"),
  pause: () => invoke("pause"),
  resume: () => invoke("resume"),
  policy: () => invoke<Policy>("policy"),
  setPolicy: (policy) => invoke("set_policy", { policy }),
  conditions: () => invoke<Conditions>("conditions"),
  reveal: (id) => invoke("reveal", { id }),
  openPhoto: (id) => invoke("open_photo", { id }),
  applications: (id) => invoke<Application[]>("applications", { id }),
  openWith: (photos, application) => invoke("open_with", { photos, application }),
  copyFiles: (photos) => invoke("copy_files", { photos }),
  copyPaths: (photos) => invoke("copy_paths", { photos }),
  dragOut: (photos) => invoke("drag_out", { photos }),
  exportName: (photo, request) => invoke<string>("export_name", { photo, request }),
  exportPhotos: (request) => invoke<Exported>("export_photos", { request }),
  cancelExport: () => invoke("cancel_export"),
  storage: () => invoke<Storage>("storage"),
  revealLibrary: () => invoke("reveal_library"),
  about: () => invoke<About>("about"),
  rescan: () => invoke("rescan"),

  models: () => invoke<Model[]>("models"),
  installModel: (id) => invoke("install_model", { id }),
  cancelInstall: (id) => invoke("cancel_install", { id }),
  addModel: (path) => invoke<Model>("add_model", { path }),
  useModel: (id) => invoke("use_model", { id }),
  removeModel: (id, vectors) => invoke<Removed>("remove_model", { id, vectors }),
  warmText: () => invoke("warm_text"),
  openLicense: (id) => invoke("open_license", { id }),

  tagTree: () => invoke<TagTree>("tag_tree"),
  photoTags: (photo) => invoke<PhotoTag[]>("photo_tags", { photo }),
  review: (category, of, offset, limit) =>
    invoke<ReviewPage>("review", { category, of, offset, limit }),
  decide: (photos, category, decision) => invoke<Decided>("decide", { photos, category, decision }),
  addTag: (photos, name) => invoke<Decided>("add_tag", { photos, name }),
  undoTags: (batch) => invoke<Message | null>("undo_tags", { batch }),
  saveCategory: (category) => invoke<Category>("save_category", { category }),
  removeCategory: (id) => invoke<number | null>("remove_category", { id }),
  resetCategory: (id) => invoke<Category>("reset_category", { id }),

  sidecarSettings: () => invoke<SidecarSettings>("sidecar_settings"),
  setSidecarSettings: (settings) => invoke("set_sidecar_settings", { settings }),
  writeSidecars: (dryRun) => invoke<SidecarReport>("write_sidecars", { dryRun }),

  insight: () => invoke<Insight>("insight"),
  cancelInsight: () => invoke("cancel_insight"),
  photoMap: async () => decodePhotoMap(await invoke<ArrayBuffer>("photo_map")),
  cancelMap: () => invoke("cancel_map"),

  thumbUrl: (id, version) => versioned(convertFileSrc(String(id), "thumb"), version),
  photoUrl: (id) => convertFileSrc(String(id), "photo"),

  async subscribe(events: BackendEvents) {
    const stops = await Promise.all([
      listen<Progress>("progress", ({ payload }) => events.progress(payload)),
      listen("library-changed", () => events.libraryChanged()),
      listen("roots-changed", () => events.rootsChanged()),
      listen<Install>("install", ({ payload }) => events.install(payload)),
      listen("models-changed", () => events.modelsChanged()),
      listen("saved-searches-changed", () => events.savedSearchesChanged()),
      listen("tags", () => events.tagsChanged()),
      listen("opinions", () => events.opinionsChanged()),
      listen<ExportProgress>("export", ({ payload }) => events.exportProgress(payload)),
      listen<number>("map", ({ payload }) => events.mapProgress(payload)),
      listen<CommandError>("engine-failed", ({ payload }) => events.engineFailed(payload)),
      getCurrentWebview().onDragDropEvent(({ payload }) => {
        if (payload.type === "drop") events.dropped(payload.paths);
        if (payload.type === "enter" || payload.type === "leave" || payload.type === "drop") {
          events.dragging(payload.type === "enter");
        }
      }),
    ]);
    return () => stops.forEach((stop) => stop());
  },
};
