/** Pictures that a person hands to the window, to find photos like them. */
import type { Backend } from "../backend/backend";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import type { Search } from "../search/search.svelte";
import { lastPart } from "../words/format";

/** More pictures at a time would be an average of everything. */
export const MOST_DROPPED = 8;

/** What files of pictures end in that can be read; whatever else is dropped is meant as a folder. */
const ENDINGS = new Set(
  [
    "jpg jpeg jpe jfif jif mpo png apng webp gif bmp dib tif tiff heic heif hif heics heifs avif",
    "avifs jxl psd psb tga ico qoi pbm pgm ppm pnm pam",
    "arw cr2 cr3 dng nef nrw orf pef raf rw2 srw",
  ].flatMap((line) => line.split(" ")),
);

export function isPicture(path: string): boolean {
  const ending = /\.([^.\\/]+)$/.exec(path)?.[1] ?? "";
  return ENDINGS.has(ending.toLowerCase());
}

/**
 * The picture in what is pasted, or null where it is text that was meant. What is copied from a
 * program may be both; in a field the text counts then.
 */
export function pastedPicture(data: DataTransfer | null, inField: boolean): File | null {
  if (data === null || isText(data, inField)) return null;
  const files = [...data.items].flatMap((item) => {
    const file = item.kind === "file" ? item.getAsFile() : null;
    return file ? [file] : [];
  });
  return files.find(({ type }) => type.startsWith("image/")) ?? null;
}

/**
 * The same where the event does not tell what there is: WebKit on Linux says nothing of pictures
 * in it, but lets the clipboard be read while it is handled.
 */
export async function untoldPicture(
  data: DataTransfer | null,
  inField: boolean,
): Promise<Blob | null> {
  if (data === null || data.types.length > 0 || isText(data, inField)) return null;
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith("image/"));
      if (type !== undefined) return await item.getType(type);
    }
  } catch {
    // It may not be read, or is empty: then nothing is pasted.
  }
  return null;
}

function isText(data: DataTransfer, inField: boolean): boolean {
  return inField && data.getData("text/plain").trim() !== "";
}

export class Pictures {
  #backend: Backend;
  #notices: Notices;
  #search: Search;

  constructor(backend: Backend, notices: Notices, search: Search) {
    this.#backend = backend;
    this.#notices = notices;
    this.#search = search;
  }

  /** Finds photos like a picture from the clipboard; true where it could be read. */
  async paste(picture: Blob): Promise<boolean> {
    try {
      const bytes = new Uint8Array(await picture.arrayBuffer());
      const id = await this.#backend.keepPicture(bytes);
      this.#search.addExample({ kind: "pasted", picture: id, crop: null }, t("pictures.pasted"));
      return true;
    } catch (thrown) {
      this.#notices.failed(t("pictures.pasteFailed"), thrown);
      return false;
    }
  }

  /** Finds photos like these files. */
  drop(paths: readonly string[]): void {
    for (const path of paths.slice(0, MOST_DROPPED)) {
      this.#search.addExample({ kind: "file", path, crop: null }, lastPart(path));
    }
    if (paths.length > MOST_DROPPED) {
      this.#notices.done(t("pictures.tooMany", { most: MOST_DROPPED }));
    }
  }
}
