import { describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import type { Backend } from "../backend/backend";
import type { SavedSearch } from "../backend/dto";
import { FakeBackend } from "../backend/fake";
import { Notices } from "../notices/notices.svelte";
import { Search } from "../search/search.svelte";
import { ROUND_MS, sameQuestion, SavedSearches, type KeptQuestion } from "./saved.svelte";

const NOTHING: KeptQuestion = { query: "", examples: [], like: [], unlike: [] };
const of = (id: number, query: string): SavedSearch => ({ ...NOTHING, id, name: query, query });

/** A backend that keeps these, and finds ten times its id for each. */
function keeping(...kept: SavedSearch[]) {
  const backend = new FakeBackend({ count: 30 });
  let all = kept;
  vi.spyOn(backend, "savedSearches").mockImplementation(async () => all);
  const count = vi.spyOn(backend, "countSearch").mockImplementation(async (id) => id * 10);
  const save = vi.spyOn(backend, "saveSearch").mockImplementation(async (search) => {
    const saved = { ...search, id: 1 + Math.max(0, ...all.map(({ id }) => id)) };
    all = [...all, saved];
    return saved;
  });
  const update = vi.spyOn(backend, "updateSearch").mockImplementation(async (search) => {
    all = all.map((one) => (one.id === search.id ? search : one));
  });
  vi.spyOn(backend, "removeSearch").mockImplementation(async (id) => {
    all = all.filter((one) => one.id !== id);
  });
  return { backend, count, save, update };
}

async function open(backend: Backend) {
  vi.useFakeTimers();
  const notices = new Notices();
  const search = new Search(backend);
  const saved = new SavedSearches(backend, notices, search);
  const unwatch = saved.watch();
  await saved.load();
  await vi.advanceTimersByTimeAsync(2 * ROUND_MS);
  return { notices, search, saved, unwatch };
}

const names = (saved: SavedSearches): string[] => saved.all?.map(({ name }) => name) ?? [];

describe("two questions", () => {
  it("are the same where all their parts are", () => {
    const crop = { left: 0, top: 0, width: 1, height: 0.5 };
    const photo = { kind: "photo", photo: 7, crop: null } as const;
    const whole: KeptQuestion = { query: "a dog", examples: [photo], like: [1], unlike: [2] };
    expect(sameQuestion(whole, { ...whole, query: " a dog " })).toBe(true);
    for (const change of [
      { query: "a cat" },
      { examples: [] },
      { examples: [{ ...photo, photo: 8 }] },
      { examples: [{ ...photo, crop }] },
      { examples: [{ kind: "pasted", picture: 7, crop: null } as const] },
      { like: [] },
      { unlike: [1] },
    ]) {
      expect(sameQuestion(whole, { ...whole, ...change }), JSON.stringify(change)).toBe(false);
    }
  });
});

describe("the counts", () => {
  it("are found out one after the other", async () => {
    const { backend, count } = keeping(of(1, "a dog"), of(2, "a cat"));
    const running = { now: 0, most: 0 };
    count.mockImplementation(async (id) => {
      running.most = Math.max(running.most, ++running.now);
      await Promise.resolve();
      running.now--;
      return id * 10;
    });
    const { saved } = await open(backend);
    expect(Object.fromEntries(saved.counts)).toEqual({ 1: 10, 2: 20 });
    expect(running.most).toBe(1);
  });

  it("are found out again at most once in five seconds, however often all changes", async () => {
    const { backend, count } = keeping(of(1, "a dog"));
    const { saved } = await open(backend);
    count.mockClear();
    for (let i = 0; i < 40; i++) {
      saved.recount();
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(count.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(count.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it("are found out at once of what is kept anew, or asks something else, and of no other", async () => {
    const { backend, count } = keeping(of(1, "a dog"), of(2, "a cat"));
    const { saved, search } = await open(backend);
    count.mockClear();
    search.type("a bird");
    await saved.replace(of(2, "a cat"));
    await saved.rename(of(1, "a dog"), "Dogs");
    search.type("a fish");
    await saved.keep("Fish");
    await vi.advanceTimersByTimeAsync(0);
    expect(count.mock.calls.flat()).toEqual([2, 3]);
  });

  it("wait until somebody sees them", async () => {
    const { backend, count } = keeping(of(1, "a dog"));
    const { saved, unwatch } = await open(backend);
    count.mockClear();
    const visible = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    saved.recount();
    await vi.advanceTimersByTimeAsync(4 * ROUND_MS);
    expect(count).not.toHaveBeenCalled();
    visible.mockReturnValue("visible");
    saved.wake();
    await vi.advanceTimersByTimeAsync(2 * ROUND_MS);
    expect(count).toHaveBeenCalledOnce();
    // Nothing has changed since.
    saved.wake();
    await vi.advanceTimersByTimeAsync(2 * ROUND_MS);
    expect(count).toHaveBeenCalledOnce();
    unwatch();
    saved.recount();
    await vi.advanceTimersByTimeAsync(2 * ROUND_MS);
    expect(count).toHaveBeenCalledOnce();
  });

  it("leave out what could not be counted", async () => {
    const { backend, count } = keeping(of(1, "a dog"), of(2, "a cat"));
    count.mockImplementation(async (id) => {
      if (id === 1) throw { code: "failed", message: "broken" };
      return 20;
    });
    const { saved, notices } = await open(backend);
    expect(Object.fromEntries(saved.counts)).toEqual({ 2: 20 });
    expect(notices.all).toEqual([]);
  });
});

describe("the question that is asked", () => {
  it("is the kept one that is the same, until it is changed", async () => {
    const { backend } = keeping(of(1, "a dog"), of(2, "a cat"));
    const { saved, search } = await open(backend);
    expect(saved.current).toBeNull();
    expect(saved.keepable).toBe(false);
    saved.open(of(2, "a cat"));
    expect(search.text).toBe("a cat");
    expect(saved.current?.id).toBe(2);
    expect(saved.keepable).toBe(false);
    search.type("a cat asleep");
    expect(saved.current).toBeNull();
    expect(saved.keepable).toBe(true);
  });

  it("is none of those kept where a picture is part of it that cannot be kept", async () => {
    const { backend } = keeping(of(1, "a dog"));
    const { saved, search } = await open(backend);
    saved.open(of(1, "a dog"));
    search.addExample({ kind: "pasted", picture: 1, crop: null }, "Pasted picture");
    expect(saved.current).toBeNull();
    expect(saved.keepable).toBe(true);
  });

  it("is kept under a name, with its count", async () => {
    const { backend, save } = keeping(of(1, "a dog"));
    const { saved, search } = await open(backend);
    search.type("iso:>800");
    await saved.keep("Grainy");
    expect(save).toHaveBeenCalledWith({ ...NOTHING, name: "Grainy", query: "iso:>800" });
    expect(names(saved)).toEqual(["a dog", "Grainy"]);
    expect(saved.current?.name).toBe("Grainy");
    await vi.advanceTimersByTimeAsync(0);
    expect(saved.counts.get(2)).toBe(20);
  });

  it("rejects with the engine's words where the name is taken", async () => {
    const { backend, save, update } = keeping(of(1, "a dog"));
    const taken = { code: "usage", message: "there is a search of this name" };
    save.mockRejectedValue(taken);
    update.mockRejectedValue(taken);
    const { saved } = await open(backend);
    await expect(saved.keep("a dog")).rejects.toEqual(taken);
    await expect(saved.rename(of(1, "a dog"), "a cat")).rejects.toEqual(taken);
    await saved.rename(of(1, "a dog"), "a dog");
    expect(update).toHaveBeenCalledOnce();
  });

  it("takes the place of another one, which can be undone", async () => {
    const { backend, update } = keeping(of(1, "a dog"));
    const { saved, search, notices } = await open(backend);
    search.type("a dog in snow");
    await saved.replace(of(1, "a dog"));
    expect(update).toHaveBeenCalledWith({ ...of(1, "a dog"), query: "a dog in snow" });
    expect(saved.current?.name).toBe("a dog");
    const notice = notices.all[0];
    expect(notice?.action?.words).toBe("Undo");
    if (notice) notices.act(notice);
    await vi.advanceTimersByTimeAsync(0);
    expect(saved.all).toEqual([of(1, "a dog")]);
    expect(notices.all.map(({ text }) => text)).toEqual([
      "Taken back: “a dog” now asks what you ask.",
    ]);
  });
});

describe("removing a kept question", () => {
  it("needs no question, for it can be undone", async () => {
    const { backend, save } = keeping(of(1, "a dog"), of(2, "a cat"));
    const { saved, notices } = await open(backend);
    await saved.remove(of(1, "a dog"));
    expect(names(saved)).toEqual(["a cat"]);
    const notice = notices.all[0];
    expect(notice?.text).toBe("“a dog” was removed.");
    if (notice) notices.act(notice);
    await vi.advanceTimersByTimeAsync(0);
    expect(save).toHaveBeenCalledWith({ ...NOTHING, name: "a dog", query: "a dog" });
    expect(names(saved)).toEqual(["a cat", "a dog"]);
  });

  it("says what went wrong, and with undoing it, too", async () => {
    const { backend, save } = keeping(of(1, "a dog"));
    const { saved, notices } = await open(backend);
    vi.spyOn(backend, "removeSearch").mockRejectedValueOnce({ code: "failed", message: "no disk" });
    await saved.remove(of(1, "a dog"));
    expect(notices.all.at(-1)?.text).toBe("“a dog” could not be removed. No disk.");
    await saved.remove(of(1, "a dog"));
    save.mockRejectedValue({ code: "failed", message: "no disk" });
    const notice = notices.all.at(-1);
    if (notice) notices.act(notice);
    await vi.advanceTimersByTimeAsync(0);
    expect(notices.all.at(-1)?.text).toBe("This could not be taken back. No disk.");
  });
});

describe("the list", () => {
  it("says why it could not be read, until it can", async () => {
    const { backend } = keeping(of(1, "a dog"));
    vi.mocked(backend.savedSearches).mockRejectedValueOnce({ code: "failed", message: "locked" });
    const { saved } = await open(backend);
    expect(saved.failure?.message).toEqual(verbatim("locked"));
    expect(saved.all).toBeNull();
    await saved.load();
    expect(saved.failure).toBeNull();
    expect(names(saved)).toEqual(["a dog"]);
  });
});
