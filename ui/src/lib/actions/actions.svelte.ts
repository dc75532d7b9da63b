/**
 * What can be done to photos, one or many, wherever they are shown: each action tells what it did,
 * can be taken back where it changes the library, and says why it did not work.
 */
import { failedOver } from "../backend/backend";
import type { Backend } from "../backend/backend";
import type { Application, Decision, Photo } from "../backend/dto";
import { favouriteAt } from "../backend/listing";
import type { History } from "../history/history.svelte";
import { t, type MessageKey } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";
import type { Search } from "../search/search.svelte";
import type { Selection } from "../selection/selection.svelte";
import { lastPart } from "../words/format";

/** Where a menu of what can be done opens, and to which photos it is done. */
export interface PhotoMenu {
  photos: readonly number[];
  /** The photo that was pointed at. */
  photo: number;
  /** Pixels from the window's corner. */
  x: number;
  y: number;
}

/** Rejected, as a rating. */
export const REJECTED = -1;

/** What was let go over the window is told a little after the pointer moves again. */
const AFTER_DRAG_MS = 500;

export class Actions {
  /** Photos that wait for the person to say that they may go to the trash. */
  asked = $state.raw<readonly number[] | null>(null);
  /** Photos of which copies are about to be exported. */
  exporting = $state.raw<readonly number[] | null>(null);
  /** Photos that are about to get a tag. */
  tagging = $state.raw<readonly number[] | null>(null);
  /** What was asked for with the other mouse button, or the menu key. */
  menu = $state.raw<PhotoMenu | null>(null);
  /** Photos that are compared side by side. */
  comparing = $state.raw<readonly number[] | null>(null);

  /** Photos are dragged out of the window; let go over it, they are not meant for it. */
  dragging = false;

  #backend: Backend;
  #notices: Notices;
  #history: History;
  #search: Search;
  #selection: Selection;

  constructor(
    backend: Backend,
    notices: Notices,
    history: History,
    search: Search,
    selection: Selection,
  ) {
    this.#backend = backend;
    this.#notices = notices;
    this.#history = history;
    this.#search = search;
    this.#selection = selection;
  }

  /** What an action on a photo is about: all that is chosen, where the photo is among it. */
  targets(photo: number | null): number[] {
    if (photo !== null && !this.#selection.has(photo)) return [photo];
    return [...this.#selection.ids];
  }

  /** Opens the menu for a photo, or for all that is chosen where it is among it. */
  openMenu(photo: number, x: number, y: number): void {
    this.menu = { photos: this.targets(photo), photo, x, y };
  }

  /** Makes photos favourites, or where they all are, no longer. */
  async toggleFavourite(photos: readonly number[]): Promise<void> {
    const all = await this.#allFavourites(photos);
    if (all !== null) await this.favourite(photos, !all);
  }

  /** Marks photos as favourites, or takes the mark away. */
  async favourite(photos: readonly number[], on: boolean): Promise<void> {
    await this.#try("actions.favouriteFailed", async () => {
      const changed = await this.#backend.setFavourite([...photos], on);
      this.#search.believe(changed, { favourite: on });
      if (changed.length === 0) return;
      const words = t(on ? "actions.favourited" : "actions.unfavourited", {
        count: changed.length,
      });
      this.#did(words, changed.length, async () => {
        await this.#backend.setFavourite(changed, !on);
        this.#search.believe(changed, { favourite: !on });
      });
    });
  }

  /** Gives photos 0 to 5 stars, or rejects them. */
  async rate(photos: readonly number[], stars: number): Promise<void> {
    await this.#try("actions.rateFailed", async () => {
      const before = await this.#backend.setRating([...photos], stars);
      this.#search.believe(photos, { rating: stars });
      const count = before.reduce((sum, group) => sum + group.photos.length, 0);
      if (count === 0) return;
      const words =
        stars === REJECTED
          ? t("actions.rejected", { count })
          : t("actions.rated", { count, stars });
      this.#did(words, count, async () => {
        for (const group of before) {
          await this.#backend.setRating(group.photos, group.stars);
        }
        // What their files say counts again for some.
        this.#search.refresh();
      });
    });
  }

  /** Gives photos a tag of any name; false where that did not work. */
  async tag(photos: readonly number[], name: string): Promise<boolean> {
    const wanted = name.trim();
    if (wanted === "" || photos.length === 0) return false;
    return this.#try("actions.tagFailed", async () => {
      const { batch } = await this.#backend.addTag([...photos], wanted);
      const words = t("actions.tagged", { count: photos.length, tag: wanted });
      if (batch === null) this.#notices.done(words);
      else this.#history.did(words, () => this.#takeTagBack(batch));
    });
  }

  /** Says that photos have a tag, or not; null takes back what was said. */
  async decide(
    photos: readonly number[],
    category: { id: string; name: string },
    decision: Decision | null,
  ): Promise<boolean> {
    return this.#try("actions.tagFailed", async () => {
      const { batch } = await this.#backend.decide([...photos], category.id, decision);
      if (batch === null) return;
      const key =
        decision === "rejected"
          ? "actions.untagged"
          : decision === null
            ? "actions.undecided"
            : "actions.tagged";
      const words = t(key, { count: photos.length, tag: category.name });
      this.#history.push(words, () => this.#takeTagBack(batch));
    });
  }

  /** Shows a photo's file in the system's file browser. */
  async reveal(photo: number): Promise<void> {
    await this.#try("actions.revealFailed", () => this.#backend.reveal(photo));
  }

  /** Opens a photo's file with the system's application for it. */
  async open(photo: number): Promise<void> {
    await this.#try("actions.openFailed", () => this.#backend.openPhoto(photo));
  }

  /** What else opens a photo; nothing where that is not known. */
  async applications(photo: number): Promise<Application[]> {
    return this.#backend.applications(photo).catch(() => []);
  }

  async openWith(photos: readonly number[], application: Application): Promise<void> {
    await this.#try("actions.openFailed", () =>
      this.#backend.openWith([...photos], application.id),
    );
  }

  /** Puts the files into the clipboard. */
  async copyFiles(photos: readonly number[]): Promise<void> {
    await this.#try("actions.copyFailed", async () => {
      await this.#backend.copyFiles([...photos]);
      this.#notices.done(t("actions.copiedFiles", { count: photos.length }));
    });
  }

  /** Puts the paths of the files into the clipboard. */
  async copyPaths(photos: readonly number[]): Promise<void> {
    await this.#try("actions.copyFailed", async () => {
      await this.#backend.copyPaths([...photos]);
      this.#notices.done(t("actions.copiedPaths", { count: photos.length }));
    });
  }

  /** Begins to drag the files to another application. */
  async dragOut(photos: readonly number[]): Promise<void> {
    this.dragging = true;
    // The page hears nothing of the pointer while the system drags.
    const over = (): void => void setTimeout(() => (this.dragging = false), AFTER_DRAG_MS);
    window.addEventListener("pointermove", over, { once: true });
    await this.#try("actions.dragFailed", () => this.#backend.dragOut([...photos]));
  }

  /** Asks whether photos may go to the trash. */
  trash(photos: readonly number[]): void {
    if (photos.length > 0) this.asked = [...photos];
  }

  /** The person has agreed. */
  async confirmTrash(): Promise<void> {
    const photos = this.asked;
    this.asked = null;
    if (photos === null) return;
    await this.#try("actions.trashFailed", async () => {
      const { moved, failed } = await this.#backend.trash([...photos]);
      for (const { path, reason } of failed) {
        this.#notices.failed(t("actions.notTrashed", { name: lastPart(path) }), reason);
      }
      if (moved.length === 0) return;
      this.#history.did(t("actions.trashed", { count: moved.length }), () => this.#restore(moved));
    });
  }

  /** Lets the person say how copies are to be. */
  export(photos: readonly number[]): void {
    if (photos.length > 0) this.exporting = [...photos];
  }

  /** Shows two to four photos side by side. */
  compare(photos: readonly number[]): void {
    if (photos.length < 2) this.#notices.done(t("actions.compareMore"));
    else this.comparing = photos.slice(0, 4);
  }

  /** Leaves the folder of a photo out of the library. */
  async excludeFolder(photo: Photo): Promise<void> {
    await this.#try("actions.excludeFailed", async () => {
      const before = await this.#backend.excludeFolder(photo.root, photo.folder);
      this.#history.did(t("actions.excluded", { folder: lastPart(photo.folder) }), () =>
        this.#backend.setExclusions(photo.root, before),
      );
    });
  }

  /** Null where that could not be found out, which was told. */
  async #allFavourites(photos: readonly number[]): Promise<boolean | null> {
    const { listing } = this.#search;
    const at = photos.map((photo) => listing?.ids.indexOf(photo) ?? -1);
    if (listing !== null && at.every((index) => index >= 0)) {
      return at.every((index) => favouriteAt(listing, index));
    }
    try {
      const known = await Promise.all(photos.map((photo) => this.#backend.photo(photo)));
      return known.every(({ favourite }) => favourite);
    } catch (thrown) {
      this.#notices.failed(t("actions.favouriteFailed"), thrown);
      return null;
    }
  }

  async #takeTagBack(batch: number): Promise<void> {
    await this.#backend.undoTags(batch);
  }

  async #restore(photos: number[]): Promise<void> {
    const { failed } = await this.#backend.restore(photos);
    const [first] = failed;
    if (first) throw failedOver(lastPart(first.path), first.reason);
  }

  /** One photo shows by itself what was done to it; of many the person is told. */
  #did(words: string, count: number, undo: () => Promise<void>): void {
    if (count > 1) this.#history.did(words, undo);
    else this.#history.push(words, undo);
  }

  async #try(what: MessageKey, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#history.during(work());
      return true;
    } catch (thrown) {
      this.#notices.failed(t(what), thrown);
      return false;
    }
  }
}
