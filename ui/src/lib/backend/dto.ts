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
  /** Null where no model is installed. */
  model: string | null;
  /** What computes, in words. */
  device: string;
  roots: Root[];
  paused: boolean;
}

/** Whether a folder can be reached. */
export type RootState = "online" | "offline" | "unreadable";

/** A folder that the library follows. */
export interface Root {
  id: number;
  path: string;
  state: RootState;
  photos: number;
}

/**
 * All that is known of a photo. Times are seconds since 1970, sizes are bytes,
 * dimensions are pixels of the upright photo.
 */
export interface Photo {
  id: number;
  path: string;
  name: string;
  folder: string;
  size: number;
  /** When it was taken, or else when its file was changed. */
  time: number;
  /** The camera's wall clock read as UTC; null where the file does not say. */
  takenAt: number | null;
  width: number | null;
  height: number | null;
  camera: string | null;
  lens: string | null;
  format: string;
  lat: number | null;
  lon: number | null;
  offline: boolean;
  /** Whether the photo is indexed, and so can be found. */
  embedded: boolean;
}

/** A photo that could not be indexed. */
export interface Failure {
  photo: number;
  path: string;
  reason: string;
  /** True where only a change of the file can help. */
  permanent: boolean;
  when: number;
}

/** What the engine is doing. */
export type Step = "scanning" | "loadingModel" | "indexing" | "idle" | "paused";

/** How far it is. */
export interface Progress {
  step: Step;
  done: number;
  total: number;
  failed: number;
  /** Photos a second over the last seconds. */
  rate: number;
  secondsLeft: number | null;
}

/** What the page may branch on. */
export type ErrorCode = "usage" | "notFound" | "newerLibrary" | "cancelled" | "failed";

/** Why a command did not do what it was asked, in plain words. */
export interface CommandError {
  code: ErrorCode;
  message: string;
}

/** The JSON header of a listing. */
export interface ListingHeader {
  /** Records that follow. */
  count: number;
  /** Photos that were ranked. */
  total: number;
  strong: number;
  likely: number;
  tookMs: number;
  rankingMs: number;
  model: string;
  query: string;
}
