/** The tags of the photo that is seen large. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Decided, Decision, PhotoTag } from "../backend/dto";
import type { Notices } from "../notices/notices.svelte";
import { t } from "../i18n/i18n.svelte";
import { decisionWords, taggedWords } from "../words/tags";
import { nameOf, nameOfTag } from "./names";
import type { Tags } from "./tags.svelte";
import { named } from "./tree";

export class PhotoTags {
  /** Null until they were read. */
  all = $state.raw<readonly PhotoTag[] | null>(null);
  failure = $state.raw<CommandError | null>(null);
  /** For who listens: what was just done. */
  said = $state("");

  /** Tags that the person gave, and what follows from them. */
  readonly given: readonly PhotoTag[] = $derived(
    (this.all ?? []).filter(
      ({ decision, implied }) => implied || decision === "confirmed" || decision === "tagged",
    ),
  );
  /** What is suggested and not decided. */
  readonly suggested: readonly PhotoTag[] = $derived(
    (this.all ?? []).filter(({ decision, implied }) => !implied && decision === null),
  );

  #photo: number | null = null;
  #backend: Backend;
  #notices: Notices;
  #tags: Tags;

  constructor(backend: Backend, notices: Notices, tags: Tags) {
    this.#backend = backend;
    this.#notices = notices;
    this.#tags = tags;
  }

  /** Reads the tags of another photo. */
  open(photo: number): void {
    if (photo === this.#photo) return;
    this.#photo = photo;
    this.all = null;
    this.failure = null;
    this.said = "";
    void this.load();
  }

  close(): void {
    this.#photo = null;
    this.all = null;
  }

  /** The engine says that tags are others now. */
  changed(): void {
    if (this.#photo !== null) void this.load();
  }

  async load(): Promise<void> {
    const photo = this.#photo;
    if (photo === null) return;
    try {
      const all = await this.#backend.photoTags(photo);
      if (photo !== this.#photo) return;
      this.all = all;
      this.failure = null;
    } catch (thrown) {
      if (photo === this.#photo) this.failure = commandError(thrown);
    }
  }

  /** Says that the photo has the tag, or not; null takes back what was said. */
  async decide(tag: PhotoTag, decision: Decision | null): Promise<void> {
    await this.#change(nameOfTag(tag, this.#tags.categories), decision, (photo) =>
      this.#backend.decide([photo], tag.category, decision),
    );
  }

  /** Gives the photo a tag of any name. */
  async add(name: string): Promise<void> {
    const wanted = name.trim();
    if (wanted === "") return;
    const known = named(this.#tags.categories, wanted);
    const shown = known === null ? wanted : nameOf(known);
    await this.#change(shown, "tagged", (photo) => this.#backend.addTag([photo], wanted));
  }

  async #change(
    name: string,
    decision: Decision | null,
    work: (photo: number) => Promise<Decided>,
  ): Promise<void> {
    const photo = this.#photo;
    if (photo === null) return;
    try {
      const { changed, batch } = await work(photo);
      this.said = taggedWords(name, decision);
      if (batch !== null) {
        const words = decisionWords(name, changed, decision);
        this.#tags.history.push(words, () => this.#takeBack(batch));
      }
      this.#tags.changed();
    } catch (thrown) {
      this.#notices.failed(t("tags.changeFailed"), thrown);
    }
    await this.load();
  }

  async #takeBack(batch: number): Promise<void> {
    await this.#tags.undo(batch);
    await this.load();
  }
}
