import { beforeEach, describe, expect, it, vi } from "vitest";

import { listingOf, plain, ScriptedBackend } from "../../testing/scripted";
import { BUSY_AFTER_MS, DEBOUNCE_MS, Search, WARM_MS } from "./search.svelte";

let backend: ScriptedBackend;
let search: Search;

const queries = (): (string | null)[] =>
  backend.questions.map(({ request }) => request?.query ?? null);
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const MATCHES = listingOf([
  { id: 7, strength: 1 },
  { id: 8, strength: 2 },
  { id: 9, strength: 3 },
]);

beforeEach(() => {
  vi.useFakeTimers();
  backend = new ScriptedBackend();
  search = new Search(backend);
});

describe("searching while typing", () => {
  it("asks once, when the typing pauses", async () => {
    for (const text of ["d", "do", "dog"]) {
      search.type(text);
      await vi.advanceTimersByTimeAsync(DEBOUNCE_MS - 1);
    }
    expect(queries()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(queries()).toEqual(["dog"]);
  });

  it("asks at once on Enter, and for the library when the box is emptied", () => {
    search.type("dog");
    search.submit();
    expect(queries()).toEqual(["dog"]);
    search.type("  ");
    expect(queries()).toEqual(["dog", null]);
    vi.advanceTimersByTime(DEBOUNCE_MS * 2);
    expect(queries()).toHaveLength(2);
  });

  it("numbers its questions upwards", () => {
    search.type("dog");
    search.submit();
    search.type("cat");
    search.submit();
    const [first, second] = backend.questions.map(({ request }) => request?.ticket ?? 0);
    expect(second).toBeGreaterThan(first ?? Infinity);
  });

  it("drops answers that come after a newer question", async () => {
    search.type("dog");
    search.submit();
    search.type("cat");
    search.submit();
    backend.questions[1]?.answer(listingOf(plain(2)));
    await settle();
    backend.questions[0]?.answer(listingOf(plain(5)));
    await settle();
    expect(search.listing?.count).toBe(2);
    expect(search.answered).toEqual({ kind: "text", query: "cat" });
  });

  it("keeps the photos of the question before until the next are there", async () => {
    search.submit();
    backend.questions[0]?.answer(listingOf(plain(3)));
    await settle();
    search.type("dog");
    search.submit();
    expect(search.listing?.count).toBe(3);
    expect(search.answered.kind).toBe("library");
  });
});

describe("what goes wrong", () => {
  it("is told, and is over with the next answer", async () => {
    search.type("dog");
    search.submit();
    backend.questions[0]?.fail({ code: "failed", message: "The model is damaged." });
    await settle();
    expect(search.failure).toEqual({ code: "failed", message: "The model is damaged." });
    search.submit();
    backend.questions[1]?.answer(MATCHES);
    await settle();
    expect(search.failure).toBeNull();
  });

  it("is nothing to tell when a search was cancelled or overtaken", async () => {
    search.type("dog");
    search.submit();
    backend.questions[0]?.fail({ code: "cancelled", message: "cancelled" });
    await settle();
    expect(search.failure).toBeNull();

    search.submit();
    search.clear();
    backend.questions[1]?.fail({ code: "failed", message: "late" });
    await settle();
    expect(search.failure).toBeNull();
  });
});

describe("a question that takes long", () => {
  it("shows so only after a while, and no longer than it takes", async () => {
    search.submit();
    await vi.advanceTimersByTimeAsync(BUSY_AFTER_MS - 1);
    expect(search.busy).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(search.busy).toBe(true);
    backend.questions[0]?.answer(MATCHES);
    await settle();
    expect(search.busy).toBe(false);
  });

  it("that is quick never shows", async () => {
    search.submit();
    backend.questions[0]?.answer(MATCHES);
    await vi.advanceTimersByTimeAsync(BUSY_AFTER_MS * 2);
    expect(search.busy).toBe(false);
  });
});

describe("weaker matches", () => {
  it("are folded until asked for, and again with the next question", async () => {
    search.type("dog");
    search.submit();
    backend.questions[0]?.answer(MATCHES);
    await settle();
    expect([search.firm, search.shown]).toEqual([2, 2]);
    search.weakShown = true;
    expect(search.shown).toBe(3);

    search.submit();
    backend.questions[1]?.answer(MATCHES);
    await settle();
    expect(search.shown).toBe(3);

    search.type("cat");
    search.submit();
    backend.questions[2]?.answer(MATCHES);
    await settle();
    expect(search.shown).toBe(2);
  });
});

describe("similar photos", () => {
  it("take the place of the words, and give it back", () => {
    search.type("dog");
    search.submit();
    search.findSimilar(7, "IMG_7.jpg");
    expect(search.text).toBe("");
    expect(backend.questions[1]?.request).toMatchObject({ query: "", similarTo: 7 });
    search.findSimilar(8, "IMG_8.jpg");
    search.leaveSimilar();
    expect(search.text).toBe("dog");
    expect(backend.questions[3]?.request).toMatchObject({ query: "dog", similarTo: null });
  });

  it("give way to typed words", async () => {
    search.findSimilar(7, "IMG_7.jpg");
    search.type("cat");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MS);
    expect(search.similar).toBeNull();
    expect(backend.questions[1]?.request).toMatchObject({ query: "cat", similarTo: null });
  });
});

describe("what a search by words needs", () => {
  it("is loaded ahead of it, once in a while", () => {
    const warm = vi.spyOn(backend, "warmText");
    search.warm();
    expect(warm).toHaveBeenCalledTimes(1);
    for (const text of ["d", "do", "dog"]) search.type(text);
    expect(warm).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(WARM_MS);
    search.type("");
    expect(warm).toHaveBeenCalledTimes(1);
    search.type("c");
    expect(warm).toHaveBeenCalledTimes(2);
  });

  it("leaves it to the search to say what goes wrong", async () => {
    vi.spyOn(backend, "warmText").mockRejectedValue({ code: "failed", message: "No memory." });
    search.warm();
    await settle();
    expect(search.failure).toBeNull();
  });
});

describe("a library that grows", () => {
  it("is asked the same again, not more often than it answers", async () => {
    search.refresh();
    for (let i = 0; i < 50; i++) search.refresh();
    expect(queries()).toEqual([null]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(queries()).toHaveLength(1);
    backend.questions[0]?.answer(listingOf(plain(3)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(queries()).toHaveLength(2);
    const { revision } = search;
    backend.questions[1]?.answer(listingOf(plain(4)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(search.listing?.count).toBe(4);
    expect(search.revision).toBe(revision + 1);
    expect(queries()).toHaveLength(2);
  });
});
