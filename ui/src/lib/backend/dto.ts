/**
 * What the desktop shell sends, name for name. Written from src-tauri/src/dto.rs by a test
 * there; change the types in Rust.
 */

/** What the library holds and what it works with. */
export interface Overview {
  photos: number;
  /** Photos that wait to be indexed. */
  pending: number;
  failed: number;
  /** Files in formats that cannot be read yet. */
  skipped: number;
  /** The model in use; null where none is installed. */
  model: string | null;
  /** The model whose index answers; another one until the one in use is ready. */
  serving: string | null;
  /** How far that is; null where it is ready. */
  preparing: Preparing | null;
  /** What computes, in words. */
  device: string;
  /** Why it is not a faster one. */
  deviceReason: Message | null;
  roots: Root[];
  paused: boolean;
  /** Why nothing can be changed and what to do, where the library is damaged. */
  readOnly: Message | null;
}

/** How far the model in use has come with the photos. */
export interface Preparing {
  model: string;
  done: number;
  total: number;
}

/** Whether a folder can be reached. */
export type RootState = "online" | "offline" | "unreadable" | "polling";

/** What a person does not want to have of a folder. */
export interface Exclusions {
  /** Names at any depth (`*.png`) or, with a slash, paths from the folder. */
  patterns: string[];
  /** Leave out what begins with a dot. */
  hidden: boolean;
  /** Leave out folders with a file `.nomedia`. */
  noMedia: boolean;
  /** Leave out smaller files. */
  minBytes: number;
}

/** A folder that the library follows. */
export interface Root {
  id: number;
  path: string;
  state: RootState;
  /** Why it is polled, if it is. */
  reason: Message | null;
  photos: number;
  exclusions: Exclusions;
}

/** A town with its region and country. */
export interface Near {
  city: string;
  region: string;
  country: string;
}

/** What tells when a photo was taken. */
export type TimeSource = "picture" | "name" | "file";

/**
 * All that is known of a photo. Times are seconds since 1970, sizes are bytes,
 * dimensions are pixels of the upright photo.
 */
export interface Photo {
  id: number;
  /** The id of its root. */
  root: number;
  path: string;
  name: string;
  folder: string;
  size: number;
  /** When it was taken, or else when its file was changed. */
  time: number;
  /** What tells `time`. */
  timeSource: TimeSource;
  /** The camera's wall clock read as UTC; null where the file does not say. */
  takenAt: number | null;
  /** How far that clock was ahead of UTC, in minutes. */
  utcOffsetMin: number | null;
  width: number | null;
  height: number | null;
  camera: string | null;
  lens: string | null;
  format: string;
  lat: number | null;
  lon: number | null;
  iso: number | null;
  aperture: number | null;
  focalMm: number | null;
  exposureS: number | null;
  title: string | null;
  description: string | null;
  keywords: string[];
  /** With the words above them: `Places|Portugal|Lisbon`. */
  hierarchicalKeywords: string[];
  /** 1 to 5; 0 for none, -1 for rejected. */
  rating: number | null;
  label: string | null;
  /** The person marked it. */
  favourite: boolean;
  /** The nearest town. */
  near: Near | null;
  offline: boolean;
  /** Whether the photo is indexed, and so can be found. */
  embedded: boolean;
}

/** A photo that could not be indexed. */
export interface Failure {
  photo: number;
  path: string;
  reason: Message;
  /** True where only a change of the file can help. */
  permanent: boolean;
  when: number;
}

/**
 * How fast photos are indexed: politely while somebody uses the computer, always
 * at full speed, always politely, or only while nobody uses it.
 */
export type Pace = "automatic" | "full" | "polite" | "whenAway";

/** What is wanted of the work in the background. */
export interface Policy {
  pace: Pace;
  /** Wait while the computer runs on its battery. */
  mainsOnly: boolean;
}

/** What this system tells; null for what it does not. */
export interface Conditions {
  /** Somebody uses the computer. */
  inUse: boolean | null;
  onMains: boolean | null;
}

/** How hard the work goes, and why not harder. */
export type Effort =
  "full" | "polite" | "politeInUse" | "politeUntold" | "waitingForMains" | "waitingForAbsence";

/** What the engine is doing. */
export type Step =
  | "scanning"
  | "loadingModel"
  | "indexing"
  | "idle"
  | "paused"
  | "waiting"
  | "diskFull"
  | "deferred";

/** How far it is. */
export interface Progress {
  step: Step;
  done: number;
  total: number;
  failed: number;
  /** Photos a second over the last seconds. */
  rate: number;
  secondsLeft: number | null;
  /** For what it waits, or why it does not go faster. */
  effort: Effort;
}

/** What the page may branch on. */
export type ErrorCode = "usage" | "notFound" | "newerLibrary" | "cancelled" | "failed";

/** A part of a message. */
export interface MessagePart {
  /**
   * English with the names of values in braces; empty for the words of somebody
   * else, which are the value "words".
   */
  template: string;
  /** What to put in, by name. */
  values: { [key in string]: string };
}

/** What is said to a person: what happened, and the causes of that in their order. */
export interface Message {
  parts: MessagePart[];
}

/** Why a command did not do what it was asked, in plain words. */
export interface CommandError {
  code: ErrorCode;
  message: Message;
}

/** Something in a query that is not understood, or cannot be answered. */
export interface Problem {
  /** Where it begins; null for the whole query. */
  from: number | null;
  /** Where it ends. */
  to: number | null;
  message: Message;
}

/** The JSON header of a listing. */
export interface ListingHeader {
  /** Records that follow. */
  count: number;
  /** Where the first of them stands in the whole answer, from 0. */
  offset: number;
  /** Photos in the whole answer. */
  total: number;
  strong: number;
  likely: number;
  /** Photos are in the order of their dates. */
  byDate: boolean;
  tookMs: number;
  rankingMs: number;
  model: string;
  query: string;
  /** What of the query could not be taken as it stands. */
  problems: Problem[];
}

/** What a part of a query is. */
export type PieceKind =
  | "words"
  | "excluded"
  | "example"
  | "filter"
  | "excludedFilter"
  | "sort"
  | "weight"
  | "operator"
  | "parenthesis";

/** A part of a query. */
export interface Piece {
  from: number;
  to: number;
  kind: PieceKind;
}

/** How a query is read. */
export interface Reading {
  pieces: Piece[];
  problems: Problem[];
}

/** Something to put in while a query is typed. */
export interface Completion {
  /** Where what it replaces begins. */
  from: number;
  /** Where that ends. */
  to: number;
  /** What to put there. One that ends in `:` wants a value next. */
  text: string;
  /** What it means, or the value as the library has it. */
  detail: string | null;
  /** Photos that have this value, where that was counted. */
  count: number | null;
}

/** A part of an upright picture, in fractions of its width and height. */
export interface Crop {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A picture that photos should resemble. */
export type Example =
  | { kind: "photo"; photo: number; crop: Crop | null }
  | { kind: "file"; path: string; crop: Crop | null }
  | { kind: "pasted"; picture: number; crop: Crop | null };

/** A question that was kept. */
export interface SavedSearch {
  id: number;
  name: string;
  query: string;
  /** Photos only; files and pasted pictures are not kept. */
  examples: Example[];
  /** More like these photos. */
  like: number[];
  /** Less like these. */
  unlike: number[];
}

/** How photos are the same: in every byte, in what they show, or taken in one go. */
export type DuplicateKind = "exact" | "edited" | "burst";

/** One of several photos that are the same, or nearly. */
export interface DuplicatePhoto {
  id: number;
  path: string;
  /** Bytes. */
  size: number;
  width: number;
  height: number;
  /** Seconds since 1970: taken, or else modified. */
  time: number;
  /** Width divided by height. */
  aspect: number;
  version: number;
  offline: boolean;
  rating: number | null;
}

/** Photos that are the same, or nearly. */
export interface DuplicateGroup {
  photos: DuplicatePhoto[];
  /** The one to keep, as suggested. */
  keeper: number;
  /** Why that one, in words. */
  reason: Message;
}

/** A file that could not be moved to the trash, or out of it. */
export interface NotTrashed {
  photo: number;
  path: string;
  reason: Message;
}

/** What became of photos that were to go to the trash. */
export interface Trashed {
  moved: number[];
  failed: NotTrashed[];
}

/** What became of photos that were to come back from the trash. */
export interface Restored {
  restored: number[];
  failed: NotTrashed[];
}

/** A folder with photos, or with folders that have some. */
export interface Folder {
  root: number;
  /** Absolute; `folder:"…"` with it finds its photos. */
  path: string;
  /** The last part of it. */
  name: string;
  /** 0 for a root itself. */
  depth: number;
  /** Photos in it and below it. */
  photos: number;
}

/** What photos were rated before. */
export interface Rated {
  /** As the person gave them; null where the file's own counted. */
  stars: number | null;
  photos: number[];
}

/** A program that opens photos. */
export interface Application {
  id: string;
  name: string;
}

/** What a score means among the scores of the same question. */
export type Strength = "unscored" | "strong" | "likely" | "weak";

/** What a part of a question is. */
export type PartKind = "words" | "excluded" | "example" | "like" | "unlike" | "filter" | "text";

/** What one part of a question has to do with the photo. */
export interface ExplainedPart {
  kind: PartKind;
  /**
   * As it stands in the question; for `example`, `like`, `unlike` the picture's file
   * name; for `text` the words found.
   */
  words: string;
  /** Cosine similarity; null for filters and text. */
  score: number | null;
  /**
   * Robust standard deviations above the library's median for this part alone; null
   * as above.
   */
  spreads: number | null;
  /**
   * Photo fulfils it (filter, text), or is pulled up by it (positive parts) or not
   * pushed down (negative ones).
   */
  holds: boolean;
  /**
   * For `text`: where it was found: "title" | "description" | "keywords" | "name" |
   * "folder" | "tags"; else null.
   */
  field: string | null;
}

/** Why a photo answers a question. */
export interface Explanation {
  /** Cosine similarity of the whole question; null where nothing is scored. */
  score: number | null;
  strength: Strength;
  /** Place among all photos that were ranked, from 1; null where nothing is scored. */
  rank: number | null;
  ranked: number;
  parts: ExplainedPart[];
}

/** In which format copies are written. */
export type ExportFormat = "original" | "jpeg" | "png" | "webp";

/** Copies to write. */
export interface ExportRequest {
  photos: number[];
  /** An absolute folder, as the folder dialog gave it. */
  folder: string;
  format: ExportFormat;
  /** Longest edge in pixels, never enlarged; null leaves the size. */
  longestEdge: number | null;
  /** 1 to 100, for JPEG and WebP. */
  quality: number;
  /**
   * `{name}`, `{date}` (2026-11-28), `{time}` (14-03-59), `{year}`, `{month}`, `{day}`,
   * `{number}` (place in the export, zero-padded), `{rating}`, `{camera}`; no extension.
   */
  pattern: string;
  /**
   * Keep EXIF, XMP and IPTC (place included); without it nothing but pixels and colour
   * profile.
   */
  metadata: boolean;
}

/** How far an export is, in photos. */
export interface ExportProgress {
  done: number;
  total: number;
}

/** A photo of which no copy was written. */
export interface NotExported {
  path: string;
  reason: Message;
}

/** What became of an export. */
export interface Exported {
  written: number;
  failed: NotExported[];
  folder: string;
}

/** A part of what Afterimage keeps. */
export interface StoredAt {
  path: string;
  bytes: number;
}

/** What Afterimage keeps on this computer. */
export interface Storage {
  /** The library: what the person said, where photos are. */
  library: StoredAt;
  /** Vectors and thumbnails, which can be computed again. */
  derived: StoredAt;
  models: StoredAt;
  backups: StoredAt;
}

/** The application itself. */
export interface About {
  version: string;
  system: string;
  license: string;
}

/** What a model is recommended for. */
export type Recommendation = "default" | "better" | "multilingual";

/** Whether a model can be used. */
export type ModelState = "available" | "partial" | "installed" | "broken";

/** A model that is installed, or that can be. */
export interface Model {
  id: string;
  title: string;
  /** What it is good for; null for one that the catalogue does not know. */
  about: string | null;
  family: string;
  /** ISO 639 codes, `mul` for many. */
  languages: string | null;
  /** Numbers in each of its vectors. */
  dim: number;
  license: string;
  /** Shown only; `open_license` opens it by the model's id. */
  licenseUrl: string | null;
  /** On disk, or to download. */
  bytes: number;
  /** In a word. */
  quality: string | null;
  /** Percent of ImageNet's pictures that it names without training. */
  imagenet: number | null;
  /** Percent of COCO's sentences whose photo it ranks first. */
  coco: number | null;
  recommendation: Recommendation | null;
  state: ModelState;
  /** Why it is broken. */
  reason: Message | null;
  /** Bytes that an interrupted download left. */
  fetched: number;
  /** It came with the application and cannot be removed. */
  bundled: boolean;
  /** It is the one in use. */
  current: boolean;
  /** Its index answers. */
  serving: boolean;
  /** Photos that its index holds. */
  embedded: number;
}

/** How far the download of a model is. */
export interface Install {
  id: string;
  /** Bytes. */
  done: number;
  total: number;
  /** Bytes a second over the last seconds. */
  rate: number;
  secondsLeft: number | null;
  /** Seconds until the next attempt, while the hub is busy or out of reach. */
  waiting: number | null;
  /** All is there, and the model is tried out. */
  checking: boolean;
}

/** What went with a model. */
export interface Removed {
  id: string;
  /** Freed by its files. */
  bytes: number;
  /** Vectors of its index that were removed, and what they took. */
  vectors: number;
  vectorBytes: number;
}

/**
 * Where a category comes from: the application, the application with the person's
 * changes, or the person.
 */
export type CategoryOrigin = "bundled" | "changed" | "own";

/** A thing that photos can show, or a name that the person gives to photos. */
export interface Category {
  id: string;
  name: string;
  /** In other languages, by their codes. */
  names: Record<string, string>;
  /** Its parent's id. */
  parent: string | null;
  /** What is asked; empty for one that knows only examples, and for a heading. */
  prompts: string[];
  synonyms: string[];
  /** Its children exclude each other. */
  exclusive: boolean;
  /** It cannot be seen itself and only holds others. */
  heading: boolean;
  /** It suggests nothing and is not shown in the tree. */
  hidden: boolean;
  origin: CategoryOrigin;
  /** It has prompts, or examples enough, and is not hidden. */
  suggests: boolean;
  /** Photos that the person confirmed or tagged, with those of its descendants. */
  tagged: number;
  /** Photos suggested with a confidence of at least 0.5 and not decided, itself alone. */
  suggested: number;
  rejected: number;
  /** Its suggestions come from the person's examples, too. */
  learned: boolean;
}

/** All categories. */
export interface TagTree {
  /** Depth first, parents before children, in the order to show. */
  categories: Category[];
  /** What undo would take back, in words. */
  undo: Message | null;
  /** False while suggestions are computed: their counts are 0 then. */
  ready: boolean;
}

/** What the person said of a photo and a category. */
export type Decision = "confirmed" | "tagged" | "rejected";

/** A tag of one photo. */
export interface PhotoTag {
  category: string;
  name: string;
  /** Null for one that is suggested. */
  decision: Decision | null;
  /** 0 to 1; null where nothing suggests it. */
  confidence: number | null;
  /** It follows from a narrower tag of this photo. */
  implied: boolean;
}

/** Which photos of a category are looked through. */
export type ReviewOf = "suggested" | "tagged" | "rejected";

/** A photo of a category. */
export interface ReviewPhoto {
  id: number;
  path: string;
  /** Width divided by height. */
  aspect: number;
  version: number;
  /** The average colour as 0xRRGGBB. */
  color: number;
  confidence: number | null;
  decision: Decision | null;
  offline: boolean;
}

/** A part of what a category suggests, most confident first, or of what was decided. */
export interface ReviewPage {
  photos: ReviewPhoto[];
  total: number;
}

/** Suggestions with a confidence of at least 0.5 before a category learned, and after. */
export interface Learned {
  before: number;
  after: number;
}

/** What deciding did. */
export interface Decided {
  changed: number;
  /** The number by which it is taken back; null where nothing is another. */
  batch: number | null;
  /** Null where the category did not learn from it. */
  learned: Learned | null;
  /** What undo would take back, in words. */
  undo: Message | null;
}

/** A category as the person wants it. */
export interface NewCategory {
  /** Null for a new one. */
  id: string | null;
  name: string;
  names: Record<string, string>;
  parent: string | null;
  prompts: string[];
  synonyms: string[];
  exclusive: boolean;
  hidden: boolean;
}

/** How sidecars are named: `IMG.xmp` or `IMG.jpg.xmp`. */
export type SidecarNaming = "stem" | "full";

/** Whether and how sidecars are written. */
export interface SidecarSettings {
  /** Sidecars follow what the person decides. */
  write: boolean;
  naming: SidecarNaming;
}

/** A sidecar that could not be written. */
export interface SidecarFailure {
  path: string;
  reason: Message;
}

/** What a sidecar gets and loses, in words. */
export interface SidecarExample {
  path: string;
  adds: Message[];
  removes: Message[];
}

/** What was written, or in a dry run would be. */
export interface SidecarReport {
  planned: number;
  written: number;
  /** Sidecars that say it all already. */
  same: number;
  failed: SidecarFailure[];
  /** The first hundred. */
  examples: SidecarExample[];
}

/** A drawing and what it says. */
export interface Plot {
  title: Message;
  /** SVG, self-contained and without scripts. */
  svg: string;
  /** The same in words. */
  caption: Message;
}

/** Something that is wrong with the vectors. */
export interface InsightWarning {
  title: Message;
  meaning: Message;
  remedy: Message;
}

/** A number and what it means. */
export interface Figure {
  name: Message;
  value: Message;
  meaning: Message;
}

/** How good the vectors of a model are. */
export interface Insight {
  model: string;
  vectors: number;
  dim: number;
  figures: Figure[];
  warnings: InsightWarning[];
  plots: Plot[];
}

/** Photos that lie together on the map. Places are 0 to 1. */
export interface MapCluster {
  name: string;
  x: number;
  y: number;
  count: number;
}
