/** What is done with the files of made-up photos, which is only noted. */
import { says } from "./backend";
import type { Application, CommandError, Exported, ExportRequest, Storage } from "./dto";

const EXTENSIONS = { original: "jpg", jpeg: "jpg", png: "png", webp: "webp" } as const;
const LIBRARY = "/home/anna/.local/share/afterimage";

export class FakeFiles {
  /** What was done, and to which photos. */
  readonly log: { what: string; photos: readonly number[] }[] = [];
  readonly exports: ExportRequest[] = [];
  applications: Application[] = [
    { id: "gimp.desktop", name: "GNU Image Manipulation Program" },
    { id: "darktable.desktop", name: "darktable" },
  ];
  readonly storage: Storage = {
    library: { path: `${LIBRARY}/library.sqlite`, bytes: 8_400_000 },
    derived: { path: `${LIBRARY}/derived.sqlite`, bytes: 312_000_000 },
    models: { path: `${LIBRARY}/models`, bytes: 607_000_000 },
    backups: { path: `${LIBRARY}/backups`, bytes: 25_100_000 },
  };
  /** How long a copy takes. */
  copyMs = 0;

  readonly #progress: (done: number, total: number) => void;
  #cancelled = false;

  constructor(progress: (done: number, total: number) => void) {
    this.#progress = progress;
  }

  did(what: string, photos: readonly number[]): void {
    this.log.push({ what, photos });
  }

  nameOf(photo: number, { pattern, format }: ExportRequest): string {
    if (pattern.trim() === "") throw error("usage", "a name pattern cannot be empty");
    const unknown = /\{(?!name|date|time|year|month|day|number|rating|camera)[^}]*\}?/.exec(
      pattern,
    );
    if (unknown) throw error("usage", `${unknown[0]} is nothing that can be filled in`);
    const name = pattern
      .replaceAll("{name}", `IMG_${String(photo).padStart(4, "0")}`)
      .replaceAll("{date}", "2024-08-17")
      .replaceAll("{number}", "001");
    return `${name}.${EXTENSIONS[format]}`;
  }

  async export(request: ExportRequest): Promise<Exported> {
    this.exports.push(request);
    this.#cancelled = false;
    const total = request.photos.length;
    for (let done = 0; done <= total; done++) {
      if (this.#cancelled) throw error("cancelled", "the export was cancelled");
      this.#progress(done, total);
      if (this.copyMs > 0) await new Promise((rest) => setTimeout(rest, this.copyMs));
    }
    return { written: total, failed: [], folder: request.folder };
  }

  cancelExport(): void {
    this.#cancelled = true;
  }
}

function error(code: CommandError["code"], message: string): CommandError {
  return { code, message: says(message) };
}
