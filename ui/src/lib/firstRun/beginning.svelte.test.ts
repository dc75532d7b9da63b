import { beforeEach, describe, expect, test } from "vitest";

import { says } from "../backend/backend";
import type { Overview, Progress } from "../backend/dto";
import { FakeBackend } from "../backend/fake";
import { Beginning, firstLook } from "./beginning.svelte";

const overview = async (change: Partial<Overview>): Promise<Overview> => ({
  ...(await new FakeBackend({ count: 0 }).overview()),
  ...change,
});
const progress = (change: Partial<Progress>): Progress => ({
  step: "indexing",
  done: 0,
  total: 0,
  failed: 0,
  rate: 0,
  secondsLeft: null,
  effort: "full",
  ...change,
});

beforeEach(() => localStorage.clear());

describe("the first look at the photos", () => {
  test("is measured on the first hundred", async () => {
    const library = await overview({ photos: 5000, pending: 5000 });
    const at = (done: number): unknown =>
      firstLook(library, progress({ done, total: 5000, rate: 20, secondsLeft: 245 }), false);
    expect(at(99)).toEqual({ stage: "measuring", found: 99, total: 5000 });
    expect(at(100)).toEqual({ stage: "measured", found: 100, total: 5000 });
  });

  test("of fewer is over before it was measured", async () => {
    const library = await overview({ photos: 60, pending: 60 });
    const look = firstLook(library, progress({ done: 59, total: 60, secondsLeft: 1 }), false);
    expect(look).toEqual({ stage: "few", found: 59, total: 60 });
  });

  test("counts what was indexed before this start", async () => {
    const library = await overview({ photos: 5000, pending: 4000 });
    const look = firstLook(library, progress({ done: 120, total: 4000, secondsLeft: 9 }), false);
    expect(look).toMatchObject({ found: 1120, total: 5000 });
  });

  test("says what holds it up, and nothing where there is nothing to look at", async () => {
    const library = await overview({ photos: 500, pending: 400 });
    expect(firstLook(library, progress({ step: "diskFull" }), false)?.stage).toBe("held");
    expect(firstLook(library, progress({ total: 400 }), true)?.stage).toBe("held");
    expect(firstLook(await overview({ photos: 0 }), null, false)).toBeNull();
    expect(firstLook({ ...library, readOnly: says("damaged") }, null, false)).toBeNull();
  });

  test("is none in a library that is complete, though its folders are looked through", async () => {
    const complete = await overview({ photos: 500, pending: 0 });
    expect(firstLook(complete, progress({ step: "scanning" }), false)).toBeNull();
    expect(firstLook(complete, null, false)).toBeNull();
    const begun = await overview({ photos: 500, pending: 500 });
    expect(firstLook(begun, progress({ step: "scanning" }), false)).toEqual({
      stage: "scanning",
      found: 0,
      total: 500,
    });
  });

  test("is over for good once nothing waits, but not before there are photos", async () => {
    const beginning = new Beginning();
    beginning.see(await overview({ photos: 0 }), null);
    beginning.see(await overview({ photos: 9, pending: 0 }), progress({ step: "scanning" }));
    beginning.see(await overview({ photos: 9, pending: 3 }), progress({ step: "idle" }));
    expect(beginning.over).toBe(false);
    beginning.see(await overview({ photos: 9, pending: 0 }), progress({ step: "idle" }));
    expect([beginning.over, new Beginning().over]).toEqual([true, true]);
  });
});
