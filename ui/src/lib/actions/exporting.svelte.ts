/** Copies of photos: how the person wants them, which is remembered, and how far they are. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Exported, ExportFormat, ExportProgress } from "../backend/dto";
import { recall, remember } from "../remember";

const FORMATS: readonly ExportFormat[] = ["original", "jpeg", "png", "webp"];
/** What the longest edge may be, in pixels; null for the size that the photo has. */
export const EDGES: readonly (number | null)[] = [null, 4096, 2560, 1920, 1080];
const WISHES = "export";
const USUAL_QUALITY = 90;

/** How copies are to be. */
export interface Wishes {
  folder: string;
  format: ExportFormat;
  longestEdge: number | null;
  quality: number;
  pattern: string;
  metadata: boolean;
}

export class Exporting {
  wishes = $state<Wishes>(recalled());
  /** What the first copy would be called, or why that cannot be told. */
  name = $state("");
  nameFailure = $state.raw<CommandError | null>(null);
  /** Null where nothing is under way. */
  progress = $state.raw<ExportProgress | null>(null);
  /** What became of the last one. */
  done = $state.raw<Exported | null>(null);
  failure = $state.raw<CommandError | null>(null);

  #backend: Backend;
  #asked = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Begins anew with the wishes of last time. */
  begin(): void {
    this.done = null;
    this.failure = null;
    this.progress = null;
  }

  async chooseFolder(): Promise<void> {
    try {
      const folder = await this.#backend.chooseFolder();
      if (folder !== null) this.wishes.folder = folder;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** Finds out what the first of these copies would be called. */
  async preview(photos: readonly number[]): Promise<void> {
    const [photo] = photos;
    if (photo === undefined) return;
    const asked = ++this.#asked;
    try {
      const name = await this.#backend.exportName(photo, this.#request(photos));
      if (asked !== this.#asked) return;
      this.name = name;
      this.nameFailure = null;
    } catch (thrown) {
      if (asked === this.#asked) this.nameFailure = commandError(thrown);
    }
  }

  /** Writes the copies. */
  async run(photos: readonly number[]): Promise<void> {
    if (this.progress !== null) return;
    remember(WISHES, JSON.stringify(this.wishes));
    this.begin();
    this.progress = { done: 0, total: photos.length };
    try {
      this.done = await this.#backend.exportPhotos(this.#request(photos));
    } catch (thrown) {
      const error = commandError(thrown);
      if (error.code !== "cancelled") this.failure = error;
    }
    this.progress = null;
  }

  /** The engine tells how far it is. */
  follow(progress: ExportProgress): void {
    if (this.progress !== null) this.progress = progress;
  }

  /** Writes no more; the copies that are whole stay. */
  async cancel(): Promise<void> {
    await this.#backend.cancelExport().catch(() => undefined);
  }

  #request(photos: readonly number[]): Wishes & { photos: number[] } {
    return { ...$state.snapshot(this.wishes), photos: [...photos] };
  }
}

function recalled(): Wishes {
  const usual: Wishes = {
    folder: "",
    format: "original",
    longestEdge: null,
    quality: USUAL_QUALITY,
    pattern: "{name}",
    metadata: true,
  };
  try {
    const kept = JSON.parse(recall(WISHES) ?? "{}") as Partial<Record<keyof Wishes, unknown>>;
    const format = FORMATS.find((one) => one === kept.format);
    const edge = EDGES.find((one) => one === kept.longestEdge);
    return {
      folder: typeof kept.folder === "string" ? kept.folder : usual.folder,
      format: format ?? usual.format,
      longestEdge: edge ?? usual.longestEdge,
      quality: typeof kept.quality === "number" ? kept.quality : usual.quality,
      pattern: typeof kept.pattern === "string" ? kept.pattern : usual.pattern,
      metadata: typeof kept.metadata === "boolean" ? kept.metadata : usual.metadata,
    };
  } catch {
    return usual;
  }
}
