/**
 * Everything the window asks of the engine. One implementation speaks to the desktop shell, one
 * is made up for tests and development. Every method rejects with a `CommandError` (see
 * `commandError`); nothing here turns a failure into an empty answer.
 */
import type {
  About,
  Application,
  Category,
  CommandError,
  Completion,
  Conditions,
  Decided,
  Decision,
  DuplicateGroup,
  DuplicateKind,
  ErrorCode,
  Example,
  Exclusions,
  Explanation,
  Exported,
  ExportProgress,
  ExportRequest,
  Failure,
  Folder,
  Insight,
  Install,
  Message,
  Model,
  NewCategory,
  Overview,
  Photo,
  PhotoTag,
  Policy,
  Progress,
  Rated,
  Reading,
  Removed,
  Restored,
  ReviewOf,
  ReviewPage,
  Root,
  SavedSearch,
  SidecarReport,
  SidecarSettings,
  Storage,
  TagTree,
  Trashed,
} from "./dto";
import type { Listing } from "./listing";
import type { PhotoMap } from "./photoMap";

export interface SearchRequest {
  query: string;
  /** Pictures that the photos should resemble. */
  examples: Example[];
  /** Photos of which more, and less, is wanted. */
  like: number[];
  unlike: number[];
  /** Only these photos answer, where there are any. */
  only: number[];
  /** What counts as a match: 0 all that is likely, 0.5 the usual, 1 only what is certain. */
  strictness: number;
  /** Which part of the answer. */
  offset: number;
  limit: number;
  /** Grows with each search; the engine gives up a search when a newer ticket comes. */
  ticket: number;
}

export interface BackendEvents {
  progress(progress: Progress): void;
  libraryChanged(): void;
  rootsChanged(): void;
  /** How far the download of a model is. */
  install(install: Install): void;
  /** Models came, went or changed places. */
  modelsChanged(): void;
  savedSearchesChanged(): void;
  /** Categories, tags or suggestions are others now. */
  tagsChanged(): void;
  /** Favourites or ratings are others now. */
  opinionsChanged(): void;
  exportProgress(progress: ExportProgress): void;
  /** How far the map is, 0 to 1. */
  mapProgress(done: number): void;
  engineFailed(error: CommandError): void;
  /** Something is dragged over the window, or no longer. */
  dragging(active: boolean): void;
  dropped(paths: string[]): void;
}

export interface Backend {
  /** `glance` leaves out what takes a look at each photo: what waits, and how far an index is. */
  overview(glance?: boolean): Promise<Overview>;
  /** The system's folder dialog; null when it was dismissed. */
  chooseFolder(): Promise<string | null>;
  addRoot(path: string): Promise<Root>;
  removeRoot(id: number): Promise<void>;
  /** Takes a removal back, also of a folder that cannot be reached now. */
  restoreRoot(id: number): Promise<void>;
  /** Leaves this out of a folder from now on; rejects with `usage` for what is no pattern. */
  setExclusions(id: number, exclusions: Exclusions): Promise<void>;
  /** Leaves a folder below a root out from now on, and tells what was left out before. */
  excludeFolder(root: number, path: string): Promise<Exclusions>;
  /** Shows a folder of the library in the system's file browser, selected. */
  revealFolder(root: number, path: string): Promise<void>;
  /** The system's folder for pictures, where there is one that was not added yet. */
  proposedFolder(): Promise<string | null>;
  /** All folders with photos, depth first, each root with its own below it, by name. */
  folders(): Promise<Folder[]>;
  /** Every photo, newest first; with `most` only the first of them, which are there sooner. */
  library(most?: number): Promise<Listing>;
  /** A part of the answer, best first or in the order of dates. */
  search(request: SearchRequest): Promise<Listing>;
  /** The photos nearest to one, itself left out; a search that is under way goes on. */
  similar(photo: number, limit: number): Promise<Listing>;
  /** Why a photo answers a search, or does not; which part of the answer is wanted is no matter. */
  explain(photo: number, request: SearchRequest): Promise<Explanation>;
  /** How a query is read; cheap enough for every key. */
  readQuery(query: string): Promise<Reading>;
  /** What could be put in at `cursor`, an index into the text; at most 12. */
  complete(query: string, cursor: number): Promise<Completion[]>;
  /**
   * Hands over a pasted picture's bytes, of which the last few are kept, and returns its number;
   * rejects with `usage` for what is no picture.
   */
  keepPicture(bytes: Uint8Array): Promise<number>;
  /** The address of such a picture. */
  pictureUrl(picture: number): string;
  /** What was asked before, newest first; at most 50. */
  history(): Promise<string[]>;
  remember(query: string): Promise<void>;
  forgetHistory(): Promise<void>;

  savedSearches(): Promise<SavedSearch[]>;
  /** Rejects with `usage` where the name is taken. */
  saveSearch(search: Omit<SavedSearch, "id">): Promise<SavedSearch>;
  /** Gives it another name, or another question. */
  updateSearch(search: SavedSearch): Promise<void>;
  removeSearch(id: number): Promise<void>;
  /** How many photos it finds now: strong and likely ones, or all where it only filters. */
  countSearch(id: number): Promise<number>;

  duplicates(kind: DuplicateKind): Promise<DuplicateGroup[]>;
  /** Those of the photos whose files are there, and as they were when they were read. */
  unchangedPhotos(photos: number[]): Promise<number[]>;
  /** Moves files to the system's trash. Only on the person's explicit confirmation. */
  trash(photos: number[]): Promise<Trashed>;
  /** Takes files back out of the system's trash, to where they were. */
  restore(photos: number[]): Promise<Restored>;
  photo(id: number): Promise<Photo>;
  /** Marks photos, or takes the mark away, and tells which of them were not so before. */
  setFavourite(photos: number[], favourite: boolean): Promise<number[]>;
  /**
   * Gives photos 0 to 5 stars, or -1 for a rejected one; null has what their files say count
   * again. Tells what they had, for whoever wants to take it back.
   */
  setRating(photos: number[], stars: number | null): Promise<Rated[]>;
  failures(): Promise<Failure[]>;
  /** Queues what failed once more and returns how many photos that are. */
  retryFailures(): Promise<number>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** How hard the work in the background may go. */
  policy(): Promise<Policy>;
  setPolicy(policy: Policy): Promise<void>;
  /** What the system tells of the person and of the power. */
  conditions(): Promise<Conditions>;
  /** Shows the photo's file in the system's file browser. */
  reveal(id: number): Promise<void>;
  /** Opens the file with the system's application for it. */
  openPhoto(id: number): Promise<void>;
  /** What else opens such a photo; none where the system does not tell. */
  applications(id: number): Promise<Application[]>;
  /** Opens the files with one of those. */
  openWith(photos: number[], application: string): Promise<void>;
  /** Puts the files into the clipboard, to be pasted into a folder or a letter. */
  copyFiles(photos: number[]): Promise<void>;
  /** Puts their paths there, one a line. */
  copyPaths(photos: number[]): Promise<void>;
  /** Begins to drag the files out of the window, while a mouse button is held. */
  dragOut(photos: number[]): Promise<void>;
  /** What a copy of this photo would be called; rejects with `usage` for a pattern that is none. */
  exportName(photo: number, request: ExportRequest): Promise<string>;
  /** Writes copies; rejects with the code `cancelled` when that was asked for. */
  exportPhotos(request: ExportRequest): Promise<Exported>;
  cancelExport(): Promise<void>;
  /** What is kept on this computer, and where. */
  storage(): Promise<Storage>;
  /** Shows the folder of the library in the system's file browser. */
  revealLibrary(): Promise<void>;
  about(): Promise<About>;
  /** Looks through the folders for changes now. */
  rescan(): Promise<void>;

  /** What is installed, and what can be. */
  models(): Promise<Model[]>;
  /** Until the model is installed; rejects with the code `cancelled` when that was asked for. */
  installModel(id: string): Promise<void>;
  cancelInstall(id: string): Promise<void>;
  /** Adds the model in a folder, once it was tried out. */
  addModel(path: string): Promise<Model>;
  /** Searches with this model, as soon as its index is complete. */
  useModel(id: string): Promise<void>;
  /** Removes a model, and its index too where `vectors` says so. */
  removeModel(id: string, vectors: boolean): Promise<Removed>;
  /** Loads what a search by words needs, before the first one waits for it. */
  warmText(): Promise<void>;
  /** Shows a model's licence in the system's browser. */
  openLicense(id: string): Promise<void>;

  tagTree(): Promise<TagTree>;
  photoTags(photo: number): Promise<PhotoTag[]>;
  /** A page of what a category suggests, most confident first; or of what was decided. */
  review(category: string, of: ReviewOf, offset: number, limit: number): Promise<ReviewPage>;
  /** Says that photos have a tag, or not; null takes back what was said. */
  decide(photos: number[], category: string, decision: Decision | null): Promise<Decided>;
  /** Gives photos a tag of any name, which is made where there is none of that name. */
  addTag(photos: number[], name: string): Promise<Decided>;
  /**
   * Takes a decision back by its number, or the last one, and says in words what that was; null
   * where there is none. What was said later of the same photo and tag stays. Rejects with
   * `notFound` where there is no decision of this number any more.
   */
  undoTags(batch: number | null): Promise<Message | null>;
  /**
   * Makes a category, also one that was deleted, or changes one. Rejects with `usage` for one that
   * cannot be, as where its name is taken.
   */
  saveCategory(category: NewCategory): Promise<Category>;
  /**
   * Removes an own category with its tags, and tells the number by which both come back, null
   * where it had none; hides a bundled one.
   */
  removeCategory(id: string): Promise<number | null>;
  /** Forgets the person's changes to a bundled category. */
  resetCategory(id: string): Promise<Category>;

  sidecarSettings(): Promise<SidecarSettings>;
  setSidecarSettings(settings: SidecarSettings): Promise<void>;
  /** Writes tags, ratings and favourites beside the photos; a dry run only says what it would. */
  writeSidecars(dryRun: boolean): Promise<SidecarReport>;

  /** Takes seconds; rejects with the code `cancelled` when that was asked for. */
  insight(): Promise<Insight>;
  cancelInsight(): Promise<void>;
  /** Takes up to minutes the first time; rejects with `cancelled` when that was asked for. */
  photoMap(): Promise<PhotoMap>;
  cancelMap(): Promise<void>;

  /** `version` as in the listing: with another one the thumbnail is fetched anew. */
  thumbUrl(id: number, version: number): string;
  photoUrl(id: number): string;

  /** Calls the handlers until the returned function is called. */
  subscribe(events: BackendEvents): Promise<() => void>;
}

const CODES: readonly string[] = ["usage", "notFound", "newerLibrary", "cancelled", "failed"];

/** Whatever was thrown, as an error that can be shown. */
export function commandError(thrown: unknown): CommandError {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) {
    const code = "code" in thrown ? String(thrown.code) : "failed";
    return {
      code: CODES.includes(code) ? (code as ErrorCode) : "failed",
      message: isMessage(thrown.message) ? thrown.message : verbatim(String(thrown.message)),
    };
  }
  return { code: "failed", message: verbatim(String(thrown)) };
}

function isMessage(message: unknown): message is Message {
  return typeof message === "object" && message !== null && "parts" in message;
}

/** A sentence of the engine, whose English names the values in braces. */
export function says(template: string, values: Readonly<Record<string, string>> = {}): Message {
  return { parts: [{ template, values }] };
}

/** What failed over one of several files, which the reason does not name. */
export function failedOver(file: string, reason: Message): CommandError {
  return { code: "failed", message: { parts: [...verbatim(file).parts, ...reason.parts] } };
}

/** Words of somebody else, such as the web view: no language has others for them. */
export function verbatim(words: string): Message {
  return { parts: [{ template: "", values: { words } }] };
}
