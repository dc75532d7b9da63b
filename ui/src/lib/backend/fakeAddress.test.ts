import { describe, expect, it } from "vitest";

import { states } from "../../../dev/states";
import type { FakeBackend } from "./fake";
import { fakeFromAddress } from "./fakeAddress";

async function from(address: string): Promise<FakeBackend> {
  const read = new URLSearchParams(address);
  return (await fakeFromAddress(Number(read.get("fake")), read)) as FakeBackend;
}

describe("a made-up backend as an address describes it", () => {
  it("rejects where it is told to, with a code, or from a call on", async () => {
    const backend = await from("fake=9&fail=library,insight:cancelled,photo@2");
    await expect(backend.library()).rejects.toMatchObject({ code: "failed" });
    await expect(backend.insight()).rejects.toMatchObject({ code: "cancelled" });
    expect((await backend.photo(3)).id).toBe(3);
    await expect(backend.photo(3)).rejects.toMatchObject({ code: "failed" });
  });

  it("never answers where it hangs", async () => {
    const backend = await from("fake=9&hang=duplicates");
    const late = new Promise((done) => setTimeout(done, 20, "late"));
    expect(await Promise.race([backend.duplicates("exact"), late])).toBe("late");
  });

  it("begins with what was decided, favourites, and kept searches", async () => {
    const backend = await from(
      "fake=9&decided=dog:rejected:1.2;own-grandma:tagged:3&favourites=4&saved=Ferries:ferry kind:photo",
    );
    expect(backend.tags.review("dog", "rejected", 0, 9).total).toBe(2);
    expect(backend.tags.review("own-grandma", "tagged", 0, 9).total).toBe(1);
    expect(backend.opinions.isFavourite(4)).toBe(true);
    expect(backend.saved.all()).toMatchObject([{ name: "Ferries", query: "ferry kind:photo" }]);
  });
});

describe("the states of the window", () => {
  it("have names and addresses of their own", () => {
    expect(new Set(states.map(({ name }) => name)).size).toBe(states.length);
    expect(new Set(states.map(({ address }) => address)).size).toBe(states.length);
  });

  it("only break methods that the backend has", async () => {
    const backend = await from("fake=1");
    const broken = states.flatMap(({ address }) => {
      const read = new URLSearchParams(address);
      return [read.get("fail"), read.get("hang")].flatMap((methods) => methods?.split(",") ?? []);
    });
    const unknown = broken.filter((method) => !((method.split(/[:@]/)[0] ?? "") in backend));
    expect(broken.length).toBeGreaterThan(0);
    expect(unknown).toEqual([]);
  });
});
