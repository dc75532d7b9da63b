/** The models: which are there, which can be, and what is being done with them. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Install, Model, Overview } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Library } from "../library/library.svelte";
import type { Notices } from "../notices/notices.svelte";
import { recall, remember } from "../remember";
import type { Settings } from "../settings/settings.svelte";
import { fileSize, lastPart, sentence } from "../words/format";
import { shortTitle } from "../words/models";

const OFFER = "model-offer";

/** What cannot be done with a model. */
type Failing = "models.installFailed" | "models.useFailed" | "models.removeFailed";

export class Models {
  /** Null until they were read. */
  all = $state.raw<readonly Model[] | null>(null);
  /** Why they could not be read. */
  failure = $state.raw<CommandError | null>(null);
  /** The download under way: there is one at a time. */
  installing = $state.raw<Install | null>(null);
  /** The model that is being put into use or removed. */
  busy = $state<string | null>(null);
  /** The folder whose model is being tried out. */
  adding = $state<string | null>(null);
  /** Why a folder was not added. */
  refusal = $state<string | null>(null);
  /** What went wrong with a model, by its id. */
  troubles = $state.raw<Readonly<Record<string, string>>>({});

  readonly current = $derived(this.all?.find((model) => model.current) ?? null);
  /** All others that are on the disk. */
  readonly others = $derived(
    this.all?.filter((model) => !model.current && isThere(model.state)) ?? [],
  );
  readonly available = $derived(this.all?.filter((model) => !isThere(model.state)) ?? []);
  /** The model to propose where there is none but what came with the application. */
  readonly offered = $derived.by(() => {
    const there = this.all?.filter((model) => isThere(model.state)) ?? [];
    if (this.installing || !there.every((model) => model.bundled)) return null;
    return this.available.find((model) => model.recommendation === "default") ?? null;
  });
  /** Whether the person does not want to hear of it again. */
  offerDismissed = $state(recall(OFFER) !== null);

  #backend: Backend;
  #notices: Notices;
  #library: Library;
  #settings: Settings;
  #choosing = false;
  #watchers = 0;
  /** Whether the download under way was asked for by this page, and not before it was loaded. */
  #asked = false;
  /** The download that ended last; a late word of it is no news. */
  #over: string | null = null;
  #seen: Overview | null = null;

  constructor(backend: Backend, notices: Notices, library: Library, settings: Settings) {
    this.#backend = backend;
    this.#notices = notices;
    this.#library = library;
    this.#settings = settings;
  }

  /** What a model is called where there is little room. */
  name(id: string): string {
    return shortTitle(this.all?.find((model) => model.id === id)?.title ?? id);
  }

  async load(): Promise<void> {
    try {
      this.all = await this.#backend.models();
      this.failure = null;
    } catch (thrown) {
      this.failure = commandError(thrown);
    }
  }

  /** Models came, went or changed places. */
  async changed(): Promise<void> {
    await this.load();
    // One that this page did not ask for ends with nothing but this.
    if (!this.#asked) this.installing = null;
  }

  /** How far a download is. */
  follow(install: Install): void {
    if (install.id === this.#over) return;
    // A hub that does not answer has not said yet how much there is.
    const { installing } = this;
    const size = install.total > 0 ? install : (installing ?? install);
    this.installing = { ...install, done: size.done, total: size.total };
  }

  /** The library was read; true where another index than before answers. */
  see(overview: Overview): boolean {
    const before = this.#seen;
    this.#seen = overview;
    if (!before) return false;
    const switched = overview.serving !== before.serving;
    if (switched || overview.model !== before.model) void this.load();
    if (switched && before.preparing && overview.serving === before.preparing.model) {
      this.#notices.done(t("models.ready", { model: this.name(overview.serving) }));
    }
    return switched;
  }

  async install({ id, fetched, bytes }: Model): Promise<void> {
    if (this.installing) return;
    this.#clear(id);
    this.#over = null;
    this.#asked = true;
    this.installing = {
      id,
      done: fetched,
      total: bytes,
      rate: 0,
      secondsLeft: null,
      waiting: null,
      checking: false,
    };
    let failed: CommandError | null = null;
    try {
      await this.#backend.installModel(id);
    } catch (thrown) {
      failed = commandError(thrown);
    }
    // First what is there now, so that nothing flickers.
    await this.load();
    this.#over = id;
    this.#asked = false;
    this.installing = null;
    if (!failed) this.#arrived(t("models.installed", { model: this.name(id) }));
    else if (failed.code !== "cancelled") this.#failed(id, "models.installFailed", failed);
  }

  async cancel(id: string): Promise<void> {
    try {
      await this.#backend.cancelInstall(id);
    } catch (thrown) {
      this.#notices.failed(t("models.cancelFailed"), thrown);
    }
  }

  /** Searches with this model, once its index is complete. */
  async use({ id }: Model): Promise<void> {
    await this.#work(id, "models.useFailed", async () => {
      await this.#backend.useModel(id);
      await Promise.all([this.load(), this.#library.read()]);
    });
  }

  /** Removes a model, and its index too where that is said. */
  async remove({ id }: Model, index: boolean): Promise<void> {
    const model = this.name(id);
    await this.#work(id, "models.removeFailed", async () => {
      const removed = await this.#backend.removeModel(id, index);
      const freed = fileSize(removed.bytes + removed.vectorBytes);
      this.#notices.done(t("models.removed", { model, freed }));
      await Promise.all([this.load(), this.#library.read()]);
    });
  }

  /** Lets a folder be chosen and adds the model in it. */
  async chooseFolder(): Promise<void> {
    if (this.#choosing || this.adding !== null) return;
    this.#choosing = true;
    try {
      const path = await this.#backend.chooseFolder();
      if (path !== null) await this.add([path]);
    } catch (thrown) {
      this.#notices.failed(t("models.chooseFailed"), thrown);
    } finally {
      this.#choosing = false;
    }
  }

  /** Adds the models in these folders, until one is refused. */
  async add(paths: readonly string[]): Promise<void> {
    if (this.adding !== null) return;
    this.refusal = null;
    for (const path of paths) {
      this.adding = path;
      try {
        const added = await this.#backend.addModel(path);
        await this.load();
        this.#arrived(t("models.added", { model: shortTitle(added.title) }));
      } catch (thrown) {
        const what = t("models.notAdded", { folder: lastPart(path) });
        if (this.#watched) this.refusal = `${what} ${sentence(commandError(thrown).message)}`;
        else this.#notices.failed(what, thrown);
        break;
      } finally {
        this.adding = null;
      }
    }
  }

  async openLicense(id: string): Promise<void> {
    try {
      await this.#backend.openLicense(id);
    } catch (thrown) {
      this.#notices.failed(t("models.licenseFailed"), thrown);
    }
  }

  dismissOffer(): void {
    this.offerDismissed = true;
    remember(OFFER, "dismissed");
  }

  async #work(id: string, failing: Failing, work: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = id;
    this.#clear(id);
    try {
      await work();
    } catch (thrown) {
      this.#failed(id, failing, thrown);
    } finally {
      this.busy = null;
    }
  }

  /** A model is on view outside of the settings, until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    return () => (this.#watchers -= 1);
  }

  /** Whether the models are on view, and what goes wrong with one is said beside it. */
  get #watched(): boolean {
    return this.#settings.section === "models" || this.#watchers > 0;
  }

  /** The list itself shows what has come; a notice is for who looks elsewhere. */
  #arrived(said: string): void {
    if (!this.#watched) this.#notices.done(said);
  }

  #failed(id: string, what: Failing, thrown: unknown): void {
    const said = t(what, { model: this.name(id) });
    if (!this.#watched) this.#notices.failed(said, thrown);
    const cause = sentence(commandError(thrown).message);
    this.troubles = { ...this.troubles, [id]: `${said} ${cause}` };
  }

  #clear(id: string): void {
    this.troubles = Object.fromEntries(
      Object.entries(this.troubles).filter(([other]) => other !== id),
    );
  }
}

function isThere(state: Model["state"]): boolean {
  return state === "installed" || state === "broken";
}
