import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../backend/fake";
import { DATACOMP, SIGLIP } from "../backend/fakeModels";
import type { Model } from "../backend/dto";
import { Session } from "../session.svelte";

let backend: FakeBackend;
let session: Session;

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};
const told = (): string[] => session.notices.all.map(({ text }) => text);
const model = (id: string): Model => {
  const found = session.models.all?.find((each) => each.id === id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
};

beforeEach(async () => {
  localStorage.clear();
  backend = new FakeBackend({ count: 100 });
  session = new Session(backend);
  await session.start();
  await settle();
});

describe("a download", () => {
  it("is over once the model is listed as installed, whatever still comes of it", async () => {
    const installing = session.models.install(model(DATACOMP));
    backend.stock.download(1000, 10);
    expect(session.models.installing).toMatchObject({ id: DATACOMP, done: 1000, rate: 10 });
    backend.stock.finish();
    await installing;
    expect(model(DATACOMP).state).toBe("installed");
    expect(told()).toEqual(["OpenCLIP ViT-B/32-256 DataComp is installed."]);
    backend.emit((events) =>
      events.install({
        id: DATACOMP,
        done: 1001,
        total: 2000,
        rate: 10,
        secondsLeft: 1,
        waiting: null,
        checking: false,
      }),
    );
    expect(session.models.installing).toBeNull();
  });

  it("that was asked for before the page was loaded anew is followed to its end", async () => {
    void backend.installModel(SIGLIP).catch(() => undefined);
    backend.stock.download(2000, 10);
    expect(session.models.installing).toMatchObject({ id: SIGLIP, done: 2000 });
    backend.stock.fail("The line is dead.");
    await settle();
    expect(session.models.installing).toBeNull();
    expect(model(SIGLIP)).toMatchObject({ state: "partial", fetched: 2000 });
  });

  it("that fails while nobody looks is told in a notice, cancelling is not", async () => {
    const failing = session.models.install(model(DATACOMP));
    backend.stock.fail("the hub does not answer");
    await failing;
    expect(told()).toEqual([
      "OpenCLIP ViT-B/32-256 DataComp could not be installed. The hub does not answer.",
    ]);
    const again = session.models.install(model(DATACOMP));
    await session.models.cancel(DATACOMP);
    await again;
    expect(told()).toHaveLength(1);
  });

  it("is the only one", async () => {
    const install = vi.spyOn(backend, "installModel");
    void session.models.install(model(DATACOMP));
    await session.models.install(model(SIGLIP));
    expect(install).toHaveBeenCalledOnce();
    expect(session.models.installing?.id).toBe(DATACOMP);
  });
});

describe("another model in use", () => {
  it("is announced when it is ready, and the search is asked again", async () => {
    backend = new FakeBackend({ count: 100, models: "preparing" });
    session = new Session(backend);
    await session.start();
    await settle();
    const ask = vi.spyOn(session.search, "refresh");
    backend.stock.preparing = null;
    backend.stock.list = backend.stock.list.map((each) => ({ ...each, serving: each.current }));
    await session.library.read();
    await settle();
    expect(told()).toEqual(["OpenCLIP ViT-B/32-256 DataComp is ready and answers from now on."]);
    expect(ask).toHaveBeenCalledOnce();
    expect(model(DATACOMP).serving).toBe(true);
    await session.library.read();
    expect(told()).toHaveLength(1);
  });
});

describe("the offer of a better model", () => {
  it("stands while there is only what came with the application", async () => {
    expect(session.models.offered?.id).toBe(DATACOMP);
    const installing = session.models.install(model(DATACOMP));
    expect(session.models.offered).toBeNull();
    backend.stock.finish();
    await installing;
    expect(session.models.offered).toBeNull();
  });

  it("is forgotten where nothing can be remembered, and that is all", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("the disk is full");
    });
    session.models.dismissOffer();
    expect(session.models.offerDismissed).toBe(true);
    expect(new Session(backend).models.offerDismissed).toBe(false);
  });
});

describe("a dropped folder", () => {
  it("is a model's only while the models are on view", async () => {
    const roots = vi.spyOn(backend, "addRoot");
    const models = vi.spyOn(backend, "addModel");
    backend.emit((events) => events.dropped(["/media/photos"]));
    await settle();
    expect(roots).toHaveBeenCalledWith("/media/photos");
    session.settings.show("models");
    backend.emit((events) => events.dropped(["/media/my-clip", "/media/other-clip"]));
    await settle();
    expect(models.mock.calls).toEqual([["/media/my-clip"], ["/media/other-clip"]]);
    expect(roots).toHaveBeenCalledOnce();
  });
});
