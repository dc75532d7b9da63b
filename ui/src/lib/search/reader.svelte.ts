/** How the query in the box is read, followed key by key. */
import type { Backend } from "../backend/backend";
import type { Reading } from "../backend/dto";
import { moved, UNREAD } from "./marks";

export class Reader {
  /** Of the text last given; while that is being read, of the one before, moved along. */
  reading = $state.raw<Reading>(UNREAD);

  #backend: Backend;
  #text = "";
  #asked = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  read(text: string): void {
    if (text === this.#text) return;
    const asked = ++this.#asked;
    this.reading = text.trim() === "" ? UNREAD : moved(this.reading, this.#text, text);
    this.#text = text;
    if (text.trim() !== "") void this.#read(text, asked);
  }

  async #read(text: string, asked: number): Promise<void> {
    // Where it cannot be read the text stays plain; what is wrong the search says.
    const reading = await this.#backend.readQuery(text).catch(() => UNREAD);
    if (asked === this.#asked) this.reading = reading;
  }
}
