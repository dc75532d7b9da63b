/** Short messages over the window: what went wrong, or what was done. */
import { commandError } from "../backend/backend";
import { saidInEnglish } from "../i18n/said";
import { sentence } from "../words/format";

export interface Notice {
  id: number;
  kind: "done" | "failed";
  text: string;
  /** All there is to say of a failure, to be sent to somebody; null where nothing failed. */
  details: string | null;
  /** What can be done about it. */
  action: NoticeAction | null;
}

export interface NoticeAction {
  words: string;
  run: () => void;
}

/** Long enough to read two sentences. Failures stay until they are dismissed. */
const DONE_MS = 6000;
/** Long enough to find that it was a mistake. */
const ACTION_MS = 12_000;
/** More than these would cover the photos; the oldest go. */
const MOST = 3;

export class Notices {
  all = $state.raw<readonly Notice[]>([]);
  #next = 1;

  /** Says that something was done, and returns the notice's number. */
  done(text: string, action: NoticeAction | null = null): number {
    const { id } = this.#add({ kind: "done", text, details: null, action });
    setTimeout(() => this.dismiss(id), action ? ACTION_MS : DONE_MS);
    return id;
  }

  /** What a notice offers can be done no longer. */
  withdraw(id: number): void {
    this.all = this.all.map((notice) => (notice.id === id ? { ...notice, action: null } : notice));
  }

  /** `what` says what did not happen; the cause is added. */
  failed(what: string, thrown: unknown): void {
    const { code, message } = commandError(thrown);
    const text = `${what} ${sentence(message)}`;
    this.#add({
      kind: "failed",
      text,
      details: `${what}\n${code}: ${saidInEnglish(message)}`,
      action: null,
    });
  }

  dismiss(id: number): void {
    this.all = this.all.filter((notice) => notice.id !== id);
  }

  /** Does what the notice offers, once. */
  act(notice: Notice): void {
    this.dismiss(notice.id);
    notice.action?.run();
  }

  #add(said: Omit<Notice, "id">): Notice {
    const notice = { ...said, id: this.#next++ };
    // The same words twice say nothing more.
    const others = this.all.filter((other) => other.text !== notice.text);
    this.all = [...others, notice].slice(-MOST);
    return notice;
  }
}
