/**
 * What the person did to the library since the window opened, and how each of it is taken back: the
 * last first.
 */
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";

interface Step {
  words: string;
  undo: () => Promise<void>;
}

/** More are never taken back one by one. */
const MOST = 100;

export class History {
  #steps = $state.raw<readonly Step[]>([]);
  #undoing = false;
  /** What is being done, and will be a step once it is done. */
  #underWay: readonly Promise<unknown>[] = [];
  /** The notice that offers to take the last thing back. */
  #offered: number | null = null;
  #notices: Notices;
  /** Offers what earlier sessions did, which is not held here; false where there is nothing. */
  #before: () => boolean;

  constructor(notices: Notices, before: () => boolean = () => false) {
    this.#notices = notices;
    this.#before = before;
  }

  /** What would be taken back, in words; null where nothing was done. */
  get next(): string | null {
    return this.#steps.at(-1)?.words ?? null;
  }

  /**
   * Something was done, as `words` say; the person is told, with a way to take it back. `undo`
   * rejects where that fails.
   */
  did(words: string, undo: () => Promise<void>): void {
    this.push(words, undo);
    this.#offered = this.#notices.done(words, {
      words: t("shared.undo"),
      run: () => void this.undo(),
    });
  }

  /** Something is being done: what is taken back meanwhile waits for it, for it is the last. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#underWay = [...this.#underWay, work];
    try {
      return await work;
    } finally {
      this.#underWay = this.#underWay.filter((other) => other !== work);
    }
  }

  /** The same, where the window shows by itself what was done. */
  push(words: string, undo: () => Promise<void>): void {
    this.#withdraw();
    this.#steps = [...this.#steps, { words, undo }].slice(-MOST);
  }

  /**
   * Takes the last thing back and says so. What cannot be taken back is told, and is not tried
   * again: it would stand before all that was done earlier.
   */
  async undo(): Promise<void> {
    if (this.#undoing) return;
    this.#undoing = true;
    await Promise.allSettled(this.#underWay);
    if (this.#offered !== null) this.#notices.dismiss(this.#offered);
    this.#offered = null;
    const step = this.#steps.at(-1) ?? null;
    this.#steps = this.#steps.slice(0, -1);
    try {
      if (step) await step.undo();
      if (step) this.#notices.done(t("shared.undone", { what: step.words }));
      else if (!this.#before()) this.#notices.done(t("shared.nothingToUndo"));
    } catch (thrown) {
      this.#notices.failed(t("shared.undoFailed"), thrown);
    } finally {
      this.#undoing = false;
    }
  }

  /** Only the last thing can be taken back, so that only its notice offers it. */
  #withdraw(): void {
    if (this.#offered !== null) this.#notices.withdraw(this.#offered);
    this.#offered = null;
  }
}
