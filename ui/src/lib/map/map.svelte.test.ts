import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { FakeBackend } from "../backend/fake";
import { WHOLE } from "./camera";
import { MapOfPhotos } from "./map.svelte";

let backend: FakeBackend;
let mapped: MapOfPhotos;

beforeEach(async () => {
  backend = new FakeBackend({ count: 2000 });
  mapped = new MapOfPhotos(backend);
  await mapped.make();
});

const WHOLE_MAP = [
  { x: -1, y: -1 },
  { x: 2, y: -1 },
  { x: 2, y: 2 },
  { x: -1, y: 2 },
];

describe("the map of the library", () => {
  it("is made once, and again when that is asked for", async () => {
    const make = vi.spyOn(backend, "photoMap");
    mapped.open();
    expect(make).not.toHaveBeenCalled();
    mapped.changed();
    expect(mapped.outdated).toBe(true);
    await mapped.make();
    expect([make.mock.calls.length, mapped.outdated]).toEqual([1, false]);
  });

  it("is stopped when it is left, and says so", async () => {
    const cancel = vi.spyOn(backend, "cancelMap");
    let fail: (error: unknown) => void = () => undefined;
    vi.spyOn(backend, "photoMap").mockImplementation(
      () => new Promise((_, reject) => (fail = reject)),
    );
    const fresh = new MapOfPhotos(backend);
    const leave = fresh.open();
    fresh.follow(0.4);
    expect([fresh.busy, fresh.progress]).toEqual([true, 0.4]);
    leave();
    expect(cancel).toHaveBeenCalledOnce();
    fail({ code: "cancelled", message: "cancelled" });
    await vi.waitFor(() => expect(fresh.busy).toBe(false));
    expect([fresh.stopped, fresh.failure]).toEqual([true, null]);
  });

  it("says why there is none", async () => {
    vi.spyOn(backend, "photoMap").mockRejectedValue({ code: "failed", message: "no vectors" });
    await mapped.make();
    expect(mapped.failure?.message).toEqual(verbatim("no vectors"));
  });

  it("chooses what is drawn around", () => {
    mapped.lasso(WHOLE_MAP);
    expect(mapped.chosenIds).toHaveLength(2000);
    mapped.lasso([]);
    expect(mapped.chosenIds).toEqual([]);
  });

  it("chooses a cluster and brings it to view", () => {
    mapped.showCluster(2);
    expect(mapped.chosen.length).toBe(mapped.map?.clusters[2]?.count);
    expect(mapped.camera).not.toEqual(WHOLE);
    mapped.clear();
    expect(mapped.chosen).toEqual([]);
  });

  it("steps through what is chosen, or else what lies nearest", () => {
    const index = mapped.map?.cluster.findIndex((cluster) => cluster === 1) ?? 0;
    const around = mapped.around(index);
    expect(around[0]).toBe(mapped.map?.ids[index]);
    expect(around.length).toBeLessThanOrEqual(500);
    mapped.showCluster(1);
    expect(mapped.around(index)).toEqual(mapped.chosenIds);
  });
});
