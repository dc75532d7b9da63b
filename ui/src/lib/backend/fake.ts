/**
 * A backend made up in memory, for tests and for development, where `fakeAddress.ts` makes one as
 * the address says. Nothing of it reaches a build.
 */
import { says } from "./backend";
import type { Backend, BackendEvents, SearchRequest } from "./backend";
import type {
  About,
  Application,
  Category,
  CommandError,
  Completion,
  Conditions,
  Decided,
  Decision,
  DuplicateGroup,
  DuplicateKind,
  Exclusions,
  Explanation,
  Exported,
  ExportRequest,
  Failure,
  Folder,
  Insight,
  Message,
  Model,
  NewCategory,
  Overview,
  Photo,
  PhotoTag,
  Policy,
  Progress,
  Rated,
  Reading,
  Removed,
  Restored,
  ReviewOf,
  ReviewPage,
  Root,
  SavedSearch,
  SidecarReport,
  SidecarSettings,
  Step,
  Storage,
  TagTree,
  Trashed,
} from "./dto";
import { duplicateGroups, pathOf } from "./fakeDuplicates";
import { drawing, rgb } from "./fakeDrawing";
import { fakeFailures } from "./fakeFailures";
import { FakeFiles } from "./fakeFiles";
import { fakeFolders } from "./fakeFolders";
import { fakeInsight, fakePhotoMap, fakeSidecars } from "./fakeInsight";
import { chance, encodeListing, type FakeRecord } from "./fakeListing";
import { FakeModels, type FakeModelsState } from "./fakeModels";
import { readQuery } from "./fakeQuery";
import { FakeSavedSearches } from "./fakeSaved";
import { FakeOpinions } from "./fakeOpinions";
import { fakePhoto, fileStars, LONG_NAME } from "./fakePhoto";
import { FakeQuestions } from "./fakeSearch";
import { FakeTags } from "./fakeTags";
import { AT_DESK, AUTOMATIC, COUNTING, effortUnder, WORK, type FakeWork } from "./fakeWork";
import { decodeListing, type Listing } from "./listing";
import { decodePhotoMap, type PhotoMap } from "./photoMap";

/** What goes on; those of `WORK` are what the status bar tells of. */
export type FakeState = "idle" | "empty" | "broken" | "offline" | "failures" | keyof typeof WORK;

export interface FakeFile {
  name: string;
  width: number;
  height: number;
  bytes: number;
}

export interface FakeOptions {
  count: number;
  state?: FakeState;
  models?: FakeModelsState;
  /** Why the graphics card is not used. */
  deviceReason?: string;
  /** Why the library is open for reading only. */
  readOnly?: string;
  /** What is wanted of the work, and what the system tells; as `state` needs them else. */
  policy?: Policy;
  conditions?: Conditions;
  /** Real pictures, served under `/dev-photos/`, instead of drawings. */
  files?: readonly FakeFile[];
  /** How long each answer takes. */
  latencyMs?: number;
}

const ASPECTS = [1.5, 1.5, 1.5, 1.333, 1.333, 0.667, 0.75, 1.778, 1, 0.5625, 2.4];
/** More photos than these are not looked at for tags, so that a million are no burden. */
const MOST_TAGGED = 2000;
const NEWEST = 1_790_000_000;
const NOTHING_LEFT_OUT: Exclusions = { patterns: [], hidden: true, noMedia: true, minBytes: 0 };
export class FakeBackend implements Backend {
  /** What a test moves the models by. */
  readonly stock: FakeModels;
  readonly saved = new FakeSavedSearches(() =>
    this.emit((events) => events.savedSearchesChanged()),
  );
  readonly tags = new FakeTags(
    () => this.#records(MOST_TAGGED),
    () => this.emit((events) => events.tagsChanged()),
  );
  readonly files = new FakeFiles((done, total) =>
    this.emit((events) => events.exportProgress({ done, total })),
  );
  readonly opinions = new FakeOpinions(() => this.emit((events) => events.opinionsChanged()));
  readonly #questions = new FakeQuestions(() => this.#records());
  readonly #trashed = new Set<number>();
  readonly #options: FakeOptions;
  readonly #listeners = new Set<BackendEvents>();
  #roots: Root[];
  #removed: Root[] = [];
  #progress: Progress | null = null;
  #paused: boolean;
  #policy: Policy;
  readonly #conditions: Conditions;
  #failures: Failure[];
  #sidecars: SidecarSettings = { write: false, naming: "stem" };

  constructor(options: FakeOptions) {
    this.#options = options;
    const { count, state } = options;
    this.stock = new FakeModels(count, (send) => this.emit(send), options.models);
    this.#paused = state === "paused";
    this.#roots =
      count === 0 && (state === undefined || state === "idle")
        ? []
        : [madeRoot(1, "/home/anna/Pictures", "online", count)];
    if (state === "offline") {
      const reason = says("a network folder ({kind}) tells nothing of its changes", {
        kind: "nfs4",
      });
      this.#roots.push(
        madeRoot(2, "/media/anna/Travel drive/Photos 2009–2016", "offline", 1204),
        madeRoot(3, `/home/anna/${LONG_NAME}`, "unreadable", 18),
        { ...madeRoot(4, "/mnt/nas/Family", "polling", 5321), reason },
        {
          ...madeRoot(5, "/srv/scans", "polling", 88_214),
          reason: says(
            "this system lets a program watch too few folders; raise fs.inotify.max_user_watches to have changes noticed at once",
          ),
        },
      );
    }
    this.#failures = ["failures", "indexing", "polite"].includes(state ?? "")
      ? fakeFailures(NEWEST)
      : [];
    const work: FakeWork | undefined =
      state !== undefined && state in WORK ? WORK[state as keyof typeof WORK] : undefined;
    this.#policy = options.policy ?? work?.policy ?? AUTOMATIC;
    this.#conditions = options.conditions ?? work?.conditions ?? AT_DESK;
    if (work) this.#progress = this.#progressAt(work.step);
  }

  async overview(): Promise<Overview> {
    await this.#wait();
    if (this.#options.state === "broken") {
      const error: CommandError = {
        code: "newerLibrary",
        message: says(
          "{path} was written by a newer version of Afterimage (its version is {version}, this one knows up to {newest}); nothing was changed. Update Afterimage, or name another library with --library",
          {
            path: "/home/anna/.local/share/afterimage/library.sqlite",
            version: "31",
            newest: "24",
          },
        ),
      };
      throw error;
    }
    return {
      photos: this.#roots.reduce((sum, root) => sum + root.photos, 0),
      pending: this.#progress ? this.#progress.total - this.#progress.done : 0,
      failed: this.#failures.length,
      skipped: 0,
      model: this.stock.current,
      serving: this.stock.serving,
      preparing: this.stock.preparing,
      device: "CPU",
      deviceReason: messageOf(this.#options.deviceReason),
      roots: [...this.#roots],
      paused: this.#paused,
      readOnly: messageOf(this.#options.readOnly),
    };
  }

  async chooseFolder(): Promise<string | null> {
    await this.#wait();
    return "/home/anna/Pictures/Holidays";
  }

  async addRoot(path: string): Promise<Root> {
    await this.#wait();
    const id = Math.max(0, ...[...this.#roots, ...this.#removed].map((root) => root.id)) + 1;
    const root = madeRoot(id, path, "online", 0);
    this.#roots.push(root);
    return root;
  }

  async removeRoot(id: number): Promise<void> {
    await this.#wait();
    this.#removed.push(...this.#roots.filter((root) => root.id === id));
    this.#roots = this.#roots.filter((root) => root.id !== id);
  }

  async restoreRoot(id: number): Promise<void> {
    await this.#wait();
    const back = this.#removed.filter((root) => root.id === id);
    this.#removed = this.#removed.filter((root) => root.id !== id);
    this.#roots = [...this.#roots, ...back].sort((a, b) => a.id - b.id);
  }

  async setExclusions(id: number, exclusions: Exclusions): Promise<void> {
    await this.#wait();
    const bad = exclusions.patterns.find((pattern) => pattern.includes("["));
    if (bad !== undefined) {
      const error: CommandError = {
        code: "usage",
        message: says('"{pattern}" is no pattern ({why}): write one like *.png or Trips/raw', {
          pattern: bad,
          why: "unclosed character class; missing ']'",
        }),
      };
      throw error;
    }
    this.#roots = this.#roots.map((root) => (root.id === id ? { ...root, exclusions } : root));
  }

  async revealFolder(): Promise<void> {
    await this.#wait();
  }

  async excludeFolder(id: number, path: string): Promise<Exclusions> {
    await this.#wait();
    const root = this.#roots.find((root) => root.id === id);
    const before = root?.exclusions ?? NOTHING_LEFT_OUT;
    const pattern = `${path.slice((root?.path.length ?? 0) + 1)}/`;
    await this.setExclusions(id, { ...before, patterns: [...before.patterns, pattern] });
    return before;
  }

  async proposedFolder(): Promise<string | null> {
    await this.#wait();
    return this.#roots.length === 0 ? "/home/anna/Pictures" : null;
  }

  async folders(): Promise<Folder[]> {
    await this.#wait();
    return this.#roots.flatMap((root) => fakeFolders(root));
  }

  async library(most?: number): Promise<Listing> {
    await this.#wait();
    return decodeListing(encodeListing(this.#records().slice(0, most)));
  }

  async search(request: SearchRequest): Promise<Listing> {
    await this.#wait();
    return this.#questions.search(request);
  }

  async similar(photo: number, limit: number): Promise<Listing> {
    await this.#wait();
    const examples: SearchRequest["examples"] = [{ kind: "photo", photo, crop: null }];
    const asked = { query: "", examples, like: [], unlike: [], only: [] };
    return this.#questions.search({ ...asked, strictness: 0, offset: 0, limit, ticket: 0 });
  }

  async explain(photo: number, request: SearchRequest): Promise<Explanation> {
    await this.#wait();
    return this.#questions.explain(photo, request);
  }

  async readQuery(query: string): Promise<Reading> {
    return readQuery(query);
  }

  async complete(query: string, cursor: number): Promise<Completion[]> {
    await this.#wait();
    return this.#questions.complete(query, cursor);
  }

  async keepPicture(bytes: Uint8Array): Promise<number> {
    await this.#wait();
    return this.#questions.keepPicture(bytes);
  }

  pictureUrl(picture: number): string {
    return this.#questions.pictureUrl(picture);
  }

  async history(): Promise<string[]> {
    await this.#wait();
    return this.#questions.history();
  }

  async remember(query: string): Promise<void> {
    this.#questions.remember(query);
  }

  async forgetHistory(): Promise<void> {
    this.#questions.forgetHistory();
  }

  async savedSearches(): Promise<SavedSearch[]> {
    await this.#wait();
    return this.saved.all();
  }

  async saveSearch(search: Omit<SavedSearch, "id">): Promise<SavedSearch> {
    await this.#wait();
    return this.saved.add(search);
  }

  async updateSearch(search: SavedSearch): Promise<void> {
    await this.#wait();
    this.saved.update(search);
  }

  async removeSearch(id: number): Promise<void> {
    await this.#wait();
    this.saved.remove(id);
  }

  async countSearch(id: number): Promise<number> {
    await this.#wait();
    return this.#questions.count(this.saved.get(id));
  }

  async duplicates(kind: DuplicateKind): Promise<DuplicateGroup[]> {
    await this.#wait();
    return duplicateGroups(kind, this.#records());
  }

  async unchangedPhotos(photos: number[]): Promise<number[]> {
    await this.#wait();
    const there = new Set(this.#records().flatMap(({ id, offline }) => (offline ? [] : [id])));
    return photos.filter((photo) => there.has(photo));
  }

  async trash(photos: number[]): Promise<Trashed> {
    await this.#wait();
    const trashed: Trashed = { moved: [], failed: [] };
    for (const photo of photos) {
      const record = this.#records().find(({ id }) => id === photo);
      if (record && !record.offline) trashed.moved.push(photo);
      else {
        const reason = says("its folder cannot be reached now: connect its drive first");
        trashed.failed.push({ photo, path: pathOf(photo), reason });
      }
    }
    trashed.moved.forEach((photo) => this.#trashed.add(photo));
    this.#roots = this.#roots.map((root) =>
      root.id === 1 ? { ...root, photos: root.photos - trashed.moved.length } : root,
    );
    if (trashed.moved.length > 0) this.emit((events) => events.libraryChanged());
    return trashed;
  }

  async restore(photos: number[]): Promise<Restored> {
    await this.#wait();
    photos.forEach((photo) => this.#trashed.delete(photo));
    this.#roots = this.#roots.map((root) =>
      root.id === 1 ? { ...root, photos: root.photos + photos.length } : root,
    );
    this.emit((events) => events.libraryChanged());
    return { restored: photos, failed: [] };
  }

  async setFavourite(photos: number[], favourite: boolean): Promise<number[]> {
    await this.#wait();
    return this.opinions.setFavourite(photos, favourite);
  }

  async setRating(photos: number[], stars: number | null): Promise<Rated[]> {
    await this.#wait();
    return this.opinions.setRating(photos, stars);
  }

  async photo(id: number): Promise<Photo> {
    await this.#wait();
    const stars = this.opinions.stars(id) ?? fileStars(id);
    return fakePhoto(this.#record(id), this.#file(id), stars);
  }

  async failures(): Promise<Failure[]> {
    await this.#wait();
    return [...this.#failures];
  }

  async retryFailures(): Promise<number> {
    await this.#wait();
    const retried = this.#failures.filter((failure) => !failure.permanent).length;
    this.#failures = this.#failures.filter((failure) => failure.permanent);
    return retried;
  }

  async pause(): Promise<void> {
    this.#paused = true;
    if (this.#progress) this.emitProgress(this.#progressAt("paused"));
  }

  async resume(): Promise<void> {
    this.#paused = false;
    if (this.#progress) this.emitProgress(this.#progressAt("indexing"));
  }

  async policy(): Promise<Policy> {
    await this.#wait();
    return this.#policy;
  }

  async setPolicy(policy: Policy): Promise<void> {
    await this.#wait();
    this.#policy = policy;
    const step = this.#progress?.step;
    if (step === "indexing" || step === "deferred") {
      this.emitProgress(this.#progressAt("indexing"));
    }
  }

  async conditions(): Promise<Conditions> {
    await this.#wait();
    return this.#conditions;
  }

  async reveal(photo: number): Promise<void> {
    await this.#wait();
    this.files.did("reveal", [photo]);
  }

  async openPhoto(photo: number): Promise<void> {
    await this.#wait();
    this.files.did("open", [photo]);
  }

  async applications(): Promise<Application[]> {
    await this.#wait();
    return this.files.applications;
  }

  async openWith(photos: number[], application: string): Promise<void> {
    await this.#wait();
    this.files.did(`open with ${application}`, photos);
  }

  async copyFiles(photos: number[]): Promise<void> {
    await this.#wait();
    this.files.did("copy files", photos);
  }

  async copyPaths(photos: number[]): Promise<void> {
    await this.#wait();
    this.files.did("copy paths", photos);
  }

  async dragOut(photos: number[]): Promise<void> {
    this.files.did("drag", photos);
  }

  async exportName(photo: number, request: ExportRequest): Promise<string> {
    return this.files.nameOf(photo, request);
  }

  async exportPhotos(request: ExportRequest): Promise<Exported> {
    await this.#wait();
    return this.files.export(request);
  }

  async cancelExport(): Promise<void> {
    this.files.cancelExport();
  }

  async storage(): Promise<Storage> {
    await this.#wait();
    return this.files.storage;
  }

  async revealLibrary(): Promise<void> {
    await this.#wait();
    this.files.did("reveal library", []);
  }

  async about(): Promise<About> {
    await this.#wait();
    return { version: "0.1.0", system: "Linux 6.12 x86_64", license: "MIT" };
  }

  async rescan(): Promise<void> {
    await this.#wait();
  }

  async models(): Promise<Model[]> {
    await this.#wait();
    return [...this.stock.list];
  }

  async installModel(id: string): Promise<void> {
    await this.stock.install(id);
  }

  async cancelInstall(id: string): Promise<void> {
    this.stock.cancel(id);
  }

  async addModel(path: string): Promise<Model> {
    await this.#wait();
    return this.stock.add(path);
  }

  async useModel(id: string): Promise<void> {
    await this.#wait();
    this.stock.use(id);
  }

  async removeModel(id: string, vectors: boolean): Promise<Removed> {
    await this.#wait();
    return this.stock.remove(id, vectors);
  }

  async warmText(): Promise<void> {
    await this.#wait();
  }

  async openLicense(): Promise<void> {
    await this.#wait();
  }

  async tagTree(): Promise<TagTree> {
    await this.#wait();
    return this.tags.tree();
  }

  async photoTags(photo: number): Promise<PhotoTag[]> {
    await this.#wait();
    return this.tags.tagsOf(photo);
  }

  async review(of: string, what: ReviewOf, offset: number, limit: number): Promise<ReviewPage> {
    await this.#wait();
    return this.tags.review(of, what, offset, limit);
  }

  async decide(photos: number[], category: string, decision: Decision | null): Promise<Decided> {
    await this.#wait();
    return this.tags.decide(photos, category, decision);
  }

  async addTag(photos: number[], name: string): Promise<Decided> {
    await this.#wait();
    return this.tags.add(photos, name);
  }

  async undoTags(batch: number | null): Promise<Message | null> {
    await this.#wait();
    return this.tags.undo(batch);
  }

  async saveCategory(category: NewCategory): Promise<Category> {
    await this.#wait();
    return this.tags.save(category);
  }

  async removeCategory(id: string): Promise<number | null> {
    await this.#wait();
    return this.tags.remove(id);
  }

  async resetCategory(id: string): Promise<Category> {
    await this.#wait();
    return this.tags.reset(id);
  }

  async sidecarSettings(): Promise<SidecarSettings> {
    await this.#wait();
    return this.#sidecars;
  }

  async setSidecarSettings(settings: SidecarSettings): Promise<void> {
    await this.#wait();
    this.#sidecars = settings;
  }

  async writeSidecars(dryRun: boolean): Promise<SidecarReport> {
    await this.#wait();
    return fakeSidecars(this.tags.given(), this.#sidecars.naming, dryRun);
  }

  async insight(): Promise<Insight> {
    await this.#wait();
    return fakeInsight(this.#records().length);
  }

  async cancelInsight(): Promise<void> {
    await this.#wait();
  }

  async photoMap(): Promise<PhotoMap> {
    await this.#wait();
    return decodePhotoMap(fakePhotoMap(this.#records()));
  }

  async cancelMap(): Promise<void> {
    await this.#wait();
  }

  thumbUrl(id: number): string {
    return this.photoUrl(id);
  }

  photoUrl(id: number): string {
    const file = this.#file(id);
    return file ? `/dev-photos/${encodeURIComponent(file.name)}` : drawing(id, this.#record(id));
  }

  async subscribe(events: BackendEvents): Promise<() => void> {
    this.#listeners.add(events);
    if (this.#progress) events.progress(this.#progress);
    return () => this.#listeners.delete(events);
  }

  /** Sends an event as the engine would. */
  emit(send: (events: BackendEvents) => void): void {
    this.#listeners.forEach(send);
  }

  emitProgress(progress: Progress): void {
    this.#progress = progress;
    this.emit((events) => events.progress(progress));
  }

  /** How far the work is; where the policy holds it back, indexing is put off. */
  #progressAt(step: Step): Progress {
    const effort = effortUnder(this.#policy, this.#conditions);
    const held = effort === "waitingForMains" || effort === "waitingForAbsence";
    const counting = COUNTING.includes(step);
    const going = step === "indexing" && !held;
    return {
      step: step === "indexing" && held ? "deferred" : step,
      done: counting ? Math.round(this.#options.count * 0.62) : 0,
      total: counting ? this.#options.count : 0,
      failed: counting ? this.#failures.length : 0,
      rate: going ? 21.4 : 0,
      secondsLeft: going ? 192 : null,
      effort: counting ? effort : "full",
    };
  }

  #records(most = Infinity): FakeRecord[] {
    const length = Math.min(most, this.#options.count);
    return Array.from({ length }, (_, i) => this.#record(i + 1)).filter(
      ({ id }) => !this.#trashed.has(id),
    );
  }

  #record(id: number): FakeRecord {
    const file = this.#file(id);
    const hue = chance(id, 2) * 360;
    return {
      id,
      aspect: file
        ? file.width / file.height
        : (ASPECTS[Math.floor(chance(id, 1) * ASPECTS.length)] ?? 1),
      color: file ? 0x4a4742 : rgb(hue, 0.25, 0.45),
      time: NEWEST - id * 5400,
      offline: this.#options.state === "offline" && id % 5 === 0,
      rating: this.opinions.stars(id) ?? fileStars(id) ?? 0,
      favourite: this.opinions.isFavourite(id),
    };
  }

  #file(id: number): FakeFile | undefined {
    const { files } = this.#options;
    return files?.[(id - 1) % Math.max(1, files.length)];
  }

  #wait(): Promise<void> {
    const { latencyMs = 0 } = this.#options;
    return latencyMs === 0 ? Promise.resolve() : new Promise((done) => setTimeout(done, latencyMs));
  }
}

function messageOf(words: string | undefined): Message | null {
  return words === undefined ? null : says(words);
}

function madeRoot(id: number, path: string, state: Root["state"], photos: number): Root {
  return { id, path, state, reason: null, photos, exclusions: NOTHING_LEFT_OUT };
}
