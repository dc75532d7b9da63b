/**
 * The models of the made-up backend. Nothing happens by itself: a test says how far a download is
 * and how it ends. In development `runByItself` does.
 */
import { says } from "./backend";
import type { BackendEvents } from "./backend";
import type { CommandError, Model, Preparing, Removed } from "./dto";

export type FakeModelsState =
  "starter" | "many" | "interrupted" | "preparing" | "broken" | "empty" | "none";

const STARTER: Model = {
  id: "starter",
  title: "Starter (EfficientNet-Lite2 and all-MiniLM-L6-v2)",
  about: null,
  family: "conse",
  languages: null,
  dim: 384,
  license: "Apache-2.0",
  licenseUrl: null,
  bytes: 114_300_000,
  quality: null,
  imagenet: null,
  coco: null,
  recommendation: null,
  state: "installed",
  reason: null,
  fetched: 0,
  bundled: true,
  current: true,
  serving: true,
  embedded: 0,
};

const ABSENT: Model = {
  ...STARTER,
  family: "clip",
  state: "available",
  bundled: false,
  current: false,
  serving: false,
};

export const DATACOMP = "vit-b-32-256-datacomp";
export const SIGLIP = "siglip2-base-patch16-224";
export const OPENAI = "vit-b-32-openai";

const MIT = { license: "MIT", licenseUrl: "https://opensource.org/license/mit" };
const APACHE = {
  license: "Apache-2.0",
  licenseUrl: "https://www.apache.org/licenses/LICENSE-2.0",
};

function catalogue(): Model[] {
  return [
    {
      ...ABSENT,
      ...MIT,
      id: DATACOMP,
      title: "OpenCLIP ViT-B/32-256 DataComp",
      about: "The best balance of quality and speed, on any computer",
      languages: "en",
      dim: 512,
      bytes: 607_000_000,
      quality: "Good",
      imagenet: 72.8,
      coco: 39.9,
      recommendation: "default",
    },
    {
      ...ABSENT,
      ...APACHE,
      id: SIGLIP,
      title: "SigLIP 2 B/16-224",
      about: "Better results, three times slower",
      family: "siglip",
      languages: "en, mul",
      dim: 768,
      bytes: 1_535_000_000,
      quality: "Excellent",
      imagenet: 78.2,
      coco: 52.1,
      recommendation: "better",
    },
    {
      ...ABSENT,
      ...MIT,
      id: "xlm-roberta-base-vit-b-32-laion5b",
      title: "OpenCLIP XLM-R ViT-B/32 LAION-5B",
      about: "Understands a hundred languages, Chinese, Czech and Danish best of all models here",
      languages: "en, mul",
      dim: 512,
      bytes: 1_474_000_000,
      quality: "Good",
      imagenet: 62.4,
      coco: 37.8,
      recommendation: "multilingual",
    },
    {
      ...ABSENT,
      ...MIT,
      id: OPENAI,
      title: "OpenAI CLIP ViT-B/32",
      about: "The model of 2021 that many programs still use, to compare with",
      languages: "en",
      dim: 512,
      bytes: 607_000_000,
      quality: "Fair",
      imagenet: 63.3,
      coco: 30.4,
    },
    {
      ...ABSENT,
      ...MIT,
      id: "tinyclip-vit-40m-32",
      title: "TinyCLIP ViT-40M/32",
      about: "The smallest and fastest, for old computers and slow connections",
      languages: "en",
      dim: 512,
      bytes: 339_000_000,
      quality: "Fair",
      imagenet: 59.8,
    },
  ];
}

interface OpenInstall {
  id: string;
  done: number;
  resolve: () => void;
  reject: (error: CommandError) => void;
}

export class FakeModels {
  list: Model[];
  preparing: Preparing | null = null;

  readonly #photos: number;
  readonly #emit: (send: (events: BackendEvents) => void) => void;
  #install: OpenInstall | null = null;

  constructor(
    photos: number,
    emit: (send: (events: BackendEvents) => void) => void,
    state: FakeModelsState = "starter",
  ) {
    this.#photos = photos;
    this.#emit = emit;
    this.list = [{ ...STARTER, embedded: photos }, ...catalogue()];
    this.#arrange(state);
  }

  get current(): string | null {
    return this.list.find((model) => model.current)?.id ?? null;
  }

  get serving(): string | null {
    return this.list.find((model) => model.serving)?.id ?? null;
  }

  /** Ends when `finish`, `fail` or `cancel` says so. */
  async install(id: string): Promise<void> {
    if (this.#install) {
      throw usage(`${this.#install.id} is being installed: wait until it is there.`);
    }
    const done = this.#model(id).fetched;
    await new Promise<void>((resolve, reject) => {
      this.#install = { id, done, resolve, reject };
      this.download(done, 0);
    });
  }

  /** The open download has come so far, at so many bytes a second. */
  download(done: number, rate: number): void {
    const install = this.#install;
    if (!install) return;
    const total = this.#model(install.id).bytes;
    install.done = done;
    const secondsLeft = rate > 0 ? (total - done) / rate : null;
    const checking = done >= total;
    const { id } = install;
    const waiting = null;
    this.#emit((events) =>
      events.install({ id, done, total, rate, secondsLeft, waiting, checking }),
    );
  }

  /** The hub does not answer; the next attempt is so many seconds away. */
  wait(waiting: number): void {
    const install = this.#install;
    if (!install) return;
    const nothing = { done: 0, total: 0, rate: 0, secondsLeft: null, checking: false };
    this.#emit((events) => events.install({ id: install.id, ...nothing, waiting }));
  }

  finish(): void {
    this.#close({ state: "installed", fetched: 0 })?.resolve();
  }

  fail(message: string): void {
    this.#break({ code: "failed", message: says(message) });
  }

  cancel(id: string): void {
    if (this.#install?.id === id) this.#break({ code: "cancelled", message: says("stopped") });
  }

  add(path: string): Model {
    const name = path.split("/").pop() ?? path;
    if (!name.includes("clip")) {
      throw usage(`${path} holds no model: there is neither config.json nor open_clip_config.json`);
    }
    const added: Model = { ...ABSENT, id: name, title: name, state: "installed", dim: 512 };
    this.list = [added, ...this.list];
    this.#changed();
    return added;
  }

  use(id: string): void {
    const { embedded } = this.#model(id);
    const ready = embedded >= this.#photos;
    this.preparing = ready ? null : { model: id, done: embedded, total: this.#photos };
    this.list = this.list.map((model) => ({
      ...model,
      current: model.id === id,
      serving: ready ? model.id === id : model.serving,
    }));
    this.#changed();
  }

  /** The model in use has an index of so many photos now. */
  prepared(done: number): void {
    const { preparing } = this;
    if (!preparing) return;
    const ready = done >= preparing.total;
    this.preparing = ready ? null : { ...preparing, done };
    this.#change(preparing.model, { embedded: done });
    if (ready) this.list = this.list.map((model) => ({ ...model, serving: model.current }));
    this.#emit((events) => events.libraryChanged());
  }

  remove(id: string, vectors: boolean): Removed {
    const model = this.#model(id);
    const again = catalogue().find((known) => known.id === id);
    const embedded = vectors ? 0 : model.embedded;
    this.list = this.list.flatMap((other) =>
      other.id !== id ? [other] : again ? [{ ...again, embedded }] : [],
    );
    this.#changed();
    const removed = model.embedded - embedded;
    return { id, bytes: model.bytes, vectors: removed, vectorBytes: removed * model.dim * 2 };
  }

  /** Downloads and prepares as time goes by. */
  runByItself(): void {
    const RATE = 60_000_000;
    const TICK_MS = 100;
    setInterval(() => {
      const { preparing } = this;
      const step = Math.ceil((preparing?.total ?? 0) / 200);
      if (preparing) this.prepared(Math.min(preparing.total, preparing.done + step));
      const install = this.#install;
      if (!install) return;
      const { bytes } = this.#model(install.id);
      if (install.done >= bytes + (RATE * 2 * TICK_MS) / 1000) this.finish();
      else this.download(install.done + (RATE * TICK_MS) / 1000, RATE);
    }, TICK_MS);
  }

  #arrange(state: FakeModelsState): void {
    const share = Math.round(this.#photos * 0.61);
    const installed: Partial<Model> = { state: "installed", embedded: this.#photos };
    switch (state) {
      case "starter":
        break;
      case "none":
        this.list = catalogue();
        break;
      case "empty":
        this.list = this.list.slice(0, 1);
        break;
      case "interrupted":
        this.#change(DATACOMP, { state: "partial", fetched: 212_400_000 });
        break;
      case "preparing":
        this.#change(DATACOMP, { ...installed, embedded: share });
        this.use(DATACOMP);
        break;
      case "many":
      case "broken":
        this.list.push({
          ...ABSENT,
          id: "family-clip",
          title:
            "clip-vit-large-patch14-336-fine-tuned-on-our-family-holidays-of-the-last-twenty-years",
          family: "clip",
          dim: 768,
          license: "unknown",
          bytes: 1_710_000_000,
          state: "broken",
          reason: says("cannot read the weights in {folder}", {
            folder: "/home/anna/.local/share/afterimage/models/clip",
          }),
        });
        this.#change(DATACOMP, installed);
        this.#change(OPENAI, { ...installed, embedded: share });
        this.#change(SIGLIP, { state: "partial", fetched: 212_400_000 });
        this.use(DATACOMP);
        if (state === "broken") {
          this.#change(DATACOMP, {
            state: "broken",
            reason: says("{path} has no {what}", {
              path: "/models/datacomp",
              what: "text.safetensors",
            }),
            serving: false,
          });
        }
        break;
    }
  }

  #break(error: CommandError): void {
    const fetched = this.#install?.done ?? 0;
    this.#close({ state: fetched > 0 ? "partial" : "available", fetched })?.reject(error);
  }

  /** Ends the open installation; tells what was open. */
  #close(change: Partial<Model>): OpenInstall | null {
    const install = this.#install;
    this.#install = null;
    if (install) {
      this.#change(install.id, change);
      this.#changed();
    }
    return install;
  }

  #change(id: string, change: Partial<Model>): void {
    this.list = this.list.map((model) => (model.id === id ? { ...model, ...change } : model));
  }

  #changed(): void {
    this.#emit((events) => events.modelsChanged());
  }

  #model(id: string): Model {
    const model = this.list.find((each) => each.id === id);
    if (!model) throw usage(`there is no model ${id}`);
    return model;
  }
}

function usage(message: string): CommandError {
  return { code: "usage", message: says(message) };
}
