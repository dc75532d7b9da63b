/** The categories of the library: the tree, which of it is unfolded, and changes to it. */
import { commandError, type Backend } from "../backend/backend";
import type { Category, CommandError, Message, NewCategory, TagTree } from "../backend/dto";
import { coalesce } from "../coalesce";
import { History } from "../history/history.svelte";
import { t } from "../i18n/i18n.svelte";
import { said } from "../i18n/said";
import type { Notices } from "../notices/notices.svelte";
import { recall, remember } from "../remember";
import { toggled } from "../toggled";
import { nameOf } from "./names";
import { branches, nextToReview, visible } from "./tree";

/** Between two readings while suggestions come in, at least. */
const REFRESH_MS = 500;
/** Reading has the engine compare all photos: of ten seconds it takes one. */
const SHARE = 10;
const OPEN = "tags.open";
const ALL = "tags.all";

/** A category that is edited; null for one that is to be made. */
export interface Edited {
  category: Category | null;
}

export class Tags {
  /** Null until it was read. */
  tree = $state.raw<TagTree | null>(null);
  /** Why it could not be read. */
  failure = $state.raw<CommandError | null>(null);
  /** What is unfolded. */
  open = $state.raw<ReadonlySet<string>>(recalledOpen());
  /** Show what no photo has, too. */
  all = $state(recall(ALL) === "yes");
  /** What the editor is open for; null where it is closed. */
  edited = $state.raw<Edited | null>(null);

  readonly categories: readonly Category[] = $derived(this.tree?.categories ?? []);
  readonly branches = $derived(branches(this.categories, { open: this.open, all: this.all }));
  readonly hidden = $derived(this.categories.filter(({ hidden }) => hidden));
  /** Suggestions that wait to be reviewed, in all categories. */
  readonly pending = $derived(
    visible(this.categories).reduce((sum, { suggested }) => sum + suggested, 0),
  );

  /** What taking back the last decision would take back; null where there is none. */
  readonly undoes: string | null = $derived(this.#told(this.tree?.undo ?? null));

  /** Where decisions are taken back. */
  readonly history: History;
  #backend: Backend;

  constructor(backend: Backend, notices: Notices, history = new History(notices)) {
    this.#backend = backend;
    this.history = history;
  }

  async load(): Promise<void> {
    try {
      this.tree = await this.#backend.tagTree();
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** The engine says that the tree is another: reads it again, not too often. */
  changed = coalesce(
    () => this.load(),
    (took) => Math.max(REFRESH_MS, SHARE * took),
  );

  get(id: string | null): Category | null {
    return this.categories.find((category) => category.id === id) ?? null;
  }

  /** The next category with something to review. */
  next(from: string | null): Category | null {
    return nextToReview(this.categories, from);
  }

  unfold(id: string, open: boolean): void {
    this.open = toggled(this.open, id, open);
    remember(OPEN, JSON.stringify([...this.open]));
  }

  showAll(all: boolean): void {
    this.all = all;
    remember(ALL, all ? "yes" : "no");
  }

  /** Opens the editor. */
  edit(category: Category | null): void {
    this.edited = { category };
  }

  closeEditor(): void {
    this.edited = null;
  }

  /** Keeps a category; rejects where it cannot be. Taken back, a new one goes with its tags. */
  async save(category: NewCategory): Promise<Category> {
    const before = this.get(category.id);
    const saved = await this.#backend.saveCategory(category);
    if (before) this.history.push(nameOf(before), () => this.#putBack(before));
    else {
      this.history.push(t("tags.made", { name: nameOf(saved) }), async () => {
        await this.#backend.removeCategory(saved.id);
        await this.load();
      });
    }
    await this.load();
    return saved;
  }

  /** Removes an own category with its tags, or hides a bundled one; rejects where that fails. */
  async remove(category: Category): Promise<void> {
    const batch = await this.#backend.removeCategory(category.id);
    await this.load();
    const name = nameOf(category);
    if (category.origin !== "own") {
      this.history.did(t("tags.isHidden", { name }), () => this.#putBack(category));
    } else if (batch !== null) {
      // What was decided by it went with it, as one change that is taken back as a whole.
      this.history.did(t("tags.deleted", { name }), async () => void (await this.undo(batch)));
    } else {
      this.history.did(t("tags.deleted", { name }), () => this.#putBack(category));
    }
  }

  /** Forgets the person's changes to a bundled category; rejects where that fails. */
  async reset(category: Category): Promise<void> {
    await this.#backend.resetCategory(category.id);
    this.history.push(nameOf(category), () => this.#putBack(category));
    await this.load();
  }

  /** Has a category be again as it was, also one that was deleted. */
  async #putBack(category: Category): Promise<void> {
    const { id, name, names, parent, prompts, synonyms, exclusive, hidden } = category;
    await this.#backend.saveCategory({
      id,
      name,
      names,
      parent,
      prompts,
      synonyms,
      exclusive,
      hidden,
    });
    await this.load();
  }

  /** What a message of decisions says, with the category as it is called here. */
  #told(message: Message | null): string | null {
    if (message === null) return null;
    const parts = message.parts.map(({ template, values }) => {
      const category = this.categories.find(({ name }) => name === values["name"]);
      return { template, values: category ? { ...values, name: nameOf(category) } : values };
    });
    return said({ parts });
  }

  /**
   * Takes a decision back by its number, or the last one, and says in words what that was; null
   * where there is none. Rejects where that fails.
   */
  async undo(batch: number | null = null): Promise<string | null> {
    const undone = await this.#backend.undoTags(batch);
    await this.load();
    return this.#told(undone);
  }
}

function recalledOpen(): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(recall(OPEN) ?? "[]");
    return new Set(Array.isArray(ids) ? ids.map(String) : []);
  } catch {
    return new Set();
  }
}

/** The question for all photos with a tag. */
export function tagQuery({ name }: Category): string {
  return `tag:"${name.replaceAll('"', '""')}"`;
}
