/** Short messages over the window: what went wrong, or what was done. */
import { commandError } from "../backend/backend";
import { sentence } from "../words/format";

export interface Notice {
  id: number;
  kind: "done" | "failed";
  text: string;
}

/** Long enough to read two sentences. Failures stay until they are dismissed. */
const DONE_MS = 6000;
/** More than these would cover the photos; the oldest go. */
const MOST = 3;

export class Notices {
  all = $state.raw<readonly Notice[]>([]);
  #next = 1;

  done(text: string): void {
    const { id } = this.#add("done", text);
    setTimeout(() => this.dismiss(id), DONE_MS);
  }

  /** `what` says what did not happen; the cause is added. */
  failed(what: string, thrown: unknown): void {
    this.#add("failed", `${what} ${sentence(commandError(thrown).message)}`);
  }

  dismiss(id: number): void {
    this.all = this.all.filter((notice) => notice.id !== id);
  }

  #add(kind: Notice["kind"], text: string): Notice {
    const notice = { id: this.#next++, kind, text };
    // The same words twice say nothing more.
    const others = this.all.filter((other) => other.text !== text);
    this.all = [...others, notice].slice(-MOST);
    return notice;
  }
}
