/**
 * Photos that are there more than once, kind by kind, and which of them stay. Nothing is chosen to
 * go: a person may choose what stays, and has all others of a group moved to the system's trash,
 * after a question that says how many these are.
 */
import { commandError, type Backend, failedOver } from "../backend/backend";
import type { CommandError, DuplicateGroup, DuplicateKind, NotTrashed } from "../backend/dto";
import { coalesce } from "../coalesce";
import type { Notices } from "../notices/notices.svelte";
import type { History } from "../history/history.svelte";
import { t } from "../i18n/i18n.svelte";
import { lastPart } from "../words/format";
import {
  choosing,
  NOTHING_CHOSEN,
  planOf,
  staying,
  type TrashPlan,
  unchanged,
  without,
} from "./plan";

/** Between two readings while the library grows: comparing all photos is not for nothing. */
const REFRESH_MS = 5000;
/** Files that are moved at a time: few enough that one can stop between. */
export const BATCH = 100;

const KINDS: readonly DuplicateKind[] = ["exact", "edited", "burst"];

type ByKind<T> = Readonly<Record<DuplicateKind, T>>;

const forEach = <T>(value: T): ByKind<T> => ({ exact: value, edited: value, burst: value });

export class Duplicates {
  kind = $state<DuplicateKind>("exact");
  /** Null until they were read. */
  groups = $state.raw<ByKind<readonly DuplicateGroup[] | null>>(forEach(null));
  /** Why they could not be read. */
  failures = $state.raw<ByKind<CommandError | null>>(forEach(null));
  /** What was asked to be moved, until the person has answered. */
  asked = $state.raw<TrashPlan | null>(null);
  /** How many of these files have been moved, or tried to. */
  moving = $state.raw<{ done: number; total: number } | null>(null);
  /** What could not be moved the last time. */
  unmoved = $state.raw<readonly NotTrashed[]>([]);

  /** What is on view. */
  readonly shown = $derived(this.groups[this.kind]);
  readonly failure = $derived(this.failures[this.kind]);

  /** Photos that a person chose to stay. Of a group without one, what is suggested stays. */
  #chosen = $state.raw(forEach(NOTHING_CHOSEN));
  #backend: Backend;
  #notices: Notices;
  #history: History;
  #open = false;
  #stale = true;
  #stopped = false;

  constructor(backend: Backend, notices: Notices, history: History) {
    this.#backend = backend;
    this.#notices = notices;
    this.#history = history;
  }

  /** The view has come up: reads what changed since it was last seen. */
  open(): () => void {
    this.#open = true;
    if (this.#stale) this.#refresh();
    return () => (this.#open = false);
  }

  /** The library has changed. */
  changed(): void {
    this.#stale = true;
    if (this.#open && this.moving === null) this.#refresh();
  }

  /** Reads one kind again, after that failed. */
  async retry(): Promise<void> {
    const { kind } = this;
    this.failures = { ...this.failures, [kind]: null };
    await this.#read(kind);
  }

  show(kind: DuplicateKind): void {
    this.kind = kind;
  }

  /** Whether this photo of a group stays. */
  stays(group: DuplicateGroup, photo: number): boolean {
    return staying(group, this.#chosen[this.kind]).has(photo);
  }

  /**
   * Lets a photo of a group stay: it alone, or of a burst it too, or no longer it. At least one
   * always stays.
   */
  choose(group: DuplicateGroup, photo: number): void {
    const { kind } = this;
    const chosen = choosing(this.#chosen[kind], group, photo, kind === "burst");
    this.#chosen = { ...this.#chosen, [kind]: chosen };
  }

  /** What would be moved of these groups of the kind on view. */
  plan(groups: readonly DuplicateGroup[]): TrashPlan {
    return planOf(this.kind, groups, this.#chosen[this.kind]);
  }

  /** Asks whether to move the others of these groups. */
  ask(groups: readonly DuplicateGroup[]): void {
    const plan = this.plan(groups);
    if (plan.photos.length > 0 && this.moving === null) this.asked = plan;
  }

  dismiss(): void {
    this.asked = null;
  }

  /** The person has agreed: moves what was asked for, and nothing that has changed since. */
  async confirm(): Promise<void> {
    const plan = this.asked;
    this.asked = null;
    if (plan === null || this.moving !== null) return;
    this.unmoved = [];
    this.#stopped = false;
    this.moving = { done: 0, total: plan.photos.length };
    const moved: number[] = [];
    try {
      // On the disk, not by what was read of it: what stays may have been deleted since.
      const there = await this.#backend.unchangedPhotos(plan.staying.map(({ id }) => id));
      const ids = unchanged(plan, this.groups[plan.kind] ?? [], there);
      this.moving = { done: 0, total: ids.length };
      for (let at = 0; at < ids.length && !this.#stopped; at += BATCH) {
        const batch = ids.slice(at, at + BATCH);
        const trashed = await this.#backend.trash(batch);
        moved.push(...trashed.moved);
        this.#forget(trashed.moved);
        this.unmoved = [...this.unmoved, ...trashed.failed];
        this.moving = { done: at + batch.length, total: ids.length };
      }
      if (ids.length === 0) this.#notices.done(t("duplicates.changed"));
    } catch (thrown) {
      this.#notices.failed(t("duplicates.moveFailed"), thrown);
    }
    this.moving = null;
    if (moved.length > 0) {
      const words = t("duplicates.moved", { count: moved.length });
      this.#history.did(words, () => this.#restore(moved));
    }
    this.changed();
  }

  /** Takes files back out of the trash; rejects where that did not work for one. */
  async #restore(photos: number[]): Promise<void> {
    const { failed } = await this.#backend.restore(photos);
    this.changed();
    const [first] = failed;
    if (first) throw failedOver(lastPart(first.path), first.reason);
  }

  /** Moves no more than what is under way. */
  stop(): void {
    this.#stopped = true;
  }

  dismissUnmoved(): void {
    this.unmoved = [];
  }

  #refresh = coalesce(async () => {
    this.#stale = false;
    // What is on view first; the others for their numbers.
    for (const kind of [this.kind, ...KINDS.filter((kind) => kind !== this.kind)]) {
      if (!this.#open) {
        this.#stale = true;
        return;
      }
      await this.#read(kind);
    }
  }, REFRESH_MS);

  async #read(kind: DuplicateKind): Promise<void> {
    try {
      const groups = await this.#backend.duplicates(kind);
      this.groups = { ...this.groups, [kind]: groups };
      this.failures = { ...this.failures, [kind]: null };
    } catch (thrown) {
      this.failures = { ...this.failures, [kind]: commandError(thrown) };
    }
  }

  /** These are no longer there. */
  #forget(ids: readonly number[]): void {
    const { exact, edited, burst } = this.groups;
    this.groups = {
      exact: exact && without(exact, ids),
      edited: edited && without(edited, ids),
      burst: burst && without(burst, ids),
    };
  }
}
