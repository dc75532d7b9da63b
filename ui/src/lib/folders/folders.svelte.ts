/** The folders with photos, as a tree that is unfolded where the person wants it. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Folder, Root } from "../backend/dto";
import { coalesce } from "../coalesce";
import { recall, remember } from "../remember";
import { joined, named, toggled } from "../toggled";
import { lastPart } from "../words/format";

const OPEN = "folders.open";
/** Between two readings while photos come in. */
const REFRESH_MS = 2000;

/** A line of the tree. */
export interface Branch {
  /** The folder's path. */
  id: string;
  folder: Folder;
  /** 0 for a folder that the library follows. */
  depth: number;
  /** Whether there are folders below; they are shown where it is open. */
  unfolds: boolean;
  open: boolean;
}

export class Folders {
  /** Null until they were read. */
  all = $state.raw<readonly Folder[] | null>(null);
  failure = $state.raw<CommandError | null>(null);
  #open = $state.raw<ReadonlySet<string>>(named(recall(OPEN)));

  /** The lines to show, those below a folded one left out. */
  readonly tree = $derived.by(() => branches(this.all ?? [], this.#open));

  #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async load(): Promise<void> {
    try {
      this.all = await this.#backend.folders();
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** Photos came or went. */
  changed = coalesce(() => this.load(), REFRESH_MS);

  unfold(path: string, open: boolean): void {
    this.#open = toggled(this.#open, path, open);
    remember(OPEN, joined(this.#open));
  }
}

/** The visible lines of folders that stand depth first. */
export function branches(folders: readonly Folder[], open: ReadonlySet<string>): Branch[] {
  const lines: Branch[] = [];
  let hiddenBelow = Infinity;
  folders.forEach((folder, at) => {
    if (folder.depth > hiddenBelow) return;
    const next = folders[at + 1];
    const unfolds = next !== undefined && next.root === folder.root && next.depth > folder.depth;
    const unfolded = open.has(folder.path);
    hiddenBelow = unfolded ? Infinity : folder.depth;
    lines.push(branch(folder, unfolds, unfolds && unfolded));
  });
  return lines;
}

/**
 * The lines of these folders that the library follows, each with its own below it. One that is new
 * has no others yet; what is below one that is gone is gone with it.
 */
export function folderLines(roots: readonly Root[], tree: readonly Branch[]): Branch[] {
  return roots.flatMap(({ id, path, photos }) => {
    const known = tree.filter(({ folder }) => folder.root === id);
    if (known.length > 0) return known;
    const folder = { root: id, path, name: lastPart(path), depth: 0, photos };
    return [branch(folder, false, false)];
  });
}

function branch(folder: Folder, unfolds: boolean, open: boolean): Branch {
  return { id: folder.path, folder, depth: folder.depth, unfolds, open };
}

/** The question for all photos in a folder and below it. */
export function folderQuery(path: string): string {
  return `folder:"${path.replaceAll('"', '""')}"`;
}
