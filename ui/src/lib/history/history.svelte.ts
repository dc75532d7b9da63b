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
  /** The notice that offers to take the last thing back. */
  #offered: number | null = null;
  #notices: Notices;
  /** What to do where nothing is left: what earlier sessions did is not held here. */
  #before: () => Promise<string | null>;

  constructor(notices: Notices, before: () => Promise<string | null> = async () => null) {
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

  /** The same, where the window shows by itself what was done. */
  push(words: string, undo: () => Promise<void>): void {
    this.#withdraw();
    this.#steps = [...this.#steps, { words, undo }].slice(-MOST);
  }

  /** Takes the last thing back and says so. */
  async undo(): Promise<void> {
    if (this.#undoing) return;
    this.#undoing = true;
    this.#withdraw();
    const step = this.#steps.at(-1) ?? null;
    try {
      if (step) await step.undo();
      this.#steps = this.#steps.filter((other) => other !== step);
      const words = step?.words ?? (await this.#before());
      this.#notices.done(
        words === null ? t("shared.nothingToUndo") : t("shared.undone", { what: words }),
      );
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
