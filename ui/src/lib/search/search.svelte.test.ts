import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { listingOf, plain, ScriptedBackend } from "../../testing/scripted";
import { BETWEEN_MS, BUSY_AFTER_MS, FIRST_PAGE, NEXT_PAGE, Search, WARM_MS } from "./search.svelte";

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
  localStorage.clear();
  vi.useFakeTimers();
  backend = new ScriptedBackend();
  search = new Search(backend);
});

describe("photos that were chosen", () => {
  it("are shown alone, in place of what was asked, which then comes back", async () => {
    search.type("dog");
    search.submit();
    search.openPhotos([4, 9]);
    expect(backend.questions.at(-1)?.request).toMatchObject({ query: "", only: [4, 9] });
    expect([search.text, search.filled, search.keepable]).toEqual(["", true, false]);
    search.removeLast();
    await settle();
    expect(backend.questions.at(-1)?.request).toMatchObject({ query: "dog", only: [] });
  });

  it("may be narrowed by words, and are another question than others", async () => {
    search.openPhotos([4, 9]);
    backend.questions.at(-1)?.answer(MATCHES);
    await settle();
    const { key } = search;
    search.type("dog");
    search.submit();
    expect(backend.questions.at(-1)?.request).toMatchObject({ query: "dog", only: [4, 9] });
    search.openPhotos([4]);
    backend.questions.at(-1)?.answer(MATCHES);
    await settle();
    expect(search.key).not.toBe(key);
    search.clear();
    expect(search.only).toEqual([]);
  });
});

describe("searching while typing", () => {
  it("asks at once after a pause, and then no more often than an answer takes", async () => {
    for (const text of ["d", "do", "dog"]) {
      search.type(text);
      await vi.advanceTimersByTimeAsync(BETWEEN_MS / 3 - 1);
    }
    expect(queries()).toEqual(["d"]);
    await vi.advanceTimersByTimeAsync(3);
    expect(queries()).toEqual(["d", "dog"]);
    await vi.advanceTimersByTimeAsync(BETWEEN_MS);
    search.type("dogs");
    expect(queries()).toEqual(["d", "dog", "dogs"]);
    await vi.advanceTimersByTimeAsync(BETWEEN_MS * 4);
    expect(queries()).toHaveLength(3);
  });

  it("has what stands there last on view within 200 ms after the last key", async () => {
    const ANSWER_MS = 40;
    const word = "a lighthouse by the sea";
    let answered = 0;
    const answer = (): void => {
      for (const question of backend.questions.slice(answered)) {
        answered++;
        setTimeout(() => question.answer(listingOf(plain(answered))), ANSWER_MS);
      }
    };
    for (let i = 1; i <= word.length; i++) {
      search.type(word.slice(0, i));
      answer();
      // Keys do not come in step with anything.
      for (let left = 25 + ((i * 37) % 60); left > 0; left--) {
        await vi.advanceTimersByTimeAsync(i < word.length ? 1 : 0);
        answer();
      }
    }
    let waited = 0;
    const seen = (): boolean => search.answered.kind === "search" && search.answered.query === word;
    while (!seen() && waited < 1000) {
      waited++;
      await vi.advanceTimersByTimeAsync(1);
      answer();
    }
    expect(waited).toBeLessThanOrEqual(BETWEEN_MS + ANSWER_MS);
    expect(BETWEEN_MS + ANSWER_MS).toBeLessThan(200);
    // On the way there, too, photos came to view.
    expect(backend.questions.length).toBeGreaterThan(10);
  });

  it("asks nothing new for a blank at the end, and goes on with the next word", async () => {
    search.type("dog");
    await vi.advanceTimersByTimeAsync(BETWEEN_MS);
    search.type("dog ");
    await vi.advanceTimersByTimeAsync(BETWEEN_MS);
    expect(queries()).toEqual(["dog"]);
    search.type("dog s");
    expect(queries()).toEqual(["dog", "dog s"]);
  });

  it("asks on after a letter was typed and taken back", async () => {
    search.type("do");
    search.type("dog");
    search.type("do");
    await vi.advanceTimersByTimeAsync(BETWEEN_MS);
    expect(queries()).toEqual(["do"]);
    search.type("dot");
    expect(queries()).toEqual(["do", "dot"]);
  });

  it("asks on Enter what is not being answered already", async () => {
    search.type("dog");
    search.submit();
    expect(queries()).toEqual(["dog"]);
    backend.questions[0]?.answer(MATCHES);
    await settle();
    search.submit();
    expect(queries()).toEqual(["dog", "dog"]);
  });

  it("asks at once on Enter, and for the library when the box is emptied", () => {
    search.type("dog");
    search.submit();
    expect(queries()).toEqual(["dog"]);
    search.type("  ");
    expect(queries()).toEqual(["dog", null]);
    vi.advanceTimersByTime(BETWEEN_MS * 2);
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
    expect(search.answered).toMatchObject({ kind: "search", query: "cat" });
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
    expect(search.failure).toEqual({
      code: "failed",
      message: verbatim("The model is damaged."),
    });
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

const photo = (id: number) => ({ kind: "photo", photo: id, crop: null }) as const;
const last = () => backend.questions.at(-1)?.request;

describe("similar photos", () => {
  it("take the place of the words, and give it back", () => {
    search.type("dog");
    search.submit();
    search.findSimilar(7, "IMG_7.jpg");
    expect(search.text).toBe("");
    expect(last()).toMatchObject({ query: "", examples: [photo(7)] });
    search.findSimilar(8, "IMG_8.jpg");
    expect(last()).toMatchObject({ examples: [photo(8)] });
    search.removeExample(0);
    expect(search.text).toBe("dog");
    expect(last()).toMatchObject({ query: "dog", examples: [] });
  });

  it("go together with typed words, which stay when the photo goes", async () => {
    search.type("dog");
    search.findSimilar(7, "IMG_7.jpg");
    search.type("in snow");
    await vi.advanceTimersByTimeAsync(BETWEEN_MS);
    expect(last()).toMatchObject({ query: "in snow", examples: [photo(7)] });
    search.removeExample(0);
    expect(last()).toMatchObject({ query: "in snow", examples: [] });
  });

  it("do not bring back what was cleared", () => {
    search.type("dog");
    search.findSimilar(7, "IMG_7.jpg");
    search.clear();
    expect(search.filled).toBe(false);
    search.addExample(photo(9), "IMG_9.jpg");
    search.removeExample(0);
    expect(search.text).toBe("");
    expect(last()).toBeNull();
  });
});

describe("more and less like photos", () => {
  it("refine the question, each photo one way or the other", () => {
    search.type("dog");
    search.moreLike(1, "a.jpg");
    search.lessLike(2, "b.jpg");
    search.lessLike(1, "a.jpg");
    expect(last()).toMatchObject({ query: "dog", like: [], unlike: [2, 1] });
    search.unsay(2);
    expect(last()).toMatchObject({ query: "dog", like: [], unlike: [1] });
    search.clear();
    expect(last()).toBeNull();
  });

  it("are taken back one by one, the last first, then the examples", () => {
    search.addExample(photo(9), "c.jpg");
    search.moreLike(1, "a.jpg");
    search.lessLike(2, "b.jpg");
    const left = [0, 1, 2, 3].map(() => [
      search.removeLast(),
      search.examples.length + search.like.length + search.unlike.length,
    ]);
    expect(left).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
  });
});

describe("a question that is kept", () => {
  it("has the words and the photos, and not what is no photo of the library", () => {
    search.type(" dog ");
    search.addExample({ kind: "file", path: "/tmp/x.jpg", crop: null }, "x.jpg");
    search.addExample(photo(9), "c.jpg");
    search.moreLike(1, "a.jpg");
    expect(search.question()).toEqual({
      query: "dog",
      examples: [photo(9)],
      like: [1],
      unlike: [],
    });
    expect(search.keepable).toBe(true);
    search.clear();
    search.addExample({ kind: "pasted", picture: 1, crop: null }, "Pasted picture");
    expect(search.keepable).toBe(false);
  });

  it("is asked again as it was, and its photos get their names", async () => {
    search.findSimilar(7, "IMG_7.jpg");
    search.open({ id: 4, name: "Dogs", query: "dog", examples: [photo(2)], like: [3], unlike: [] });
    expect(last()).toMatchObject({ query: "dog", examples: [photo(2)], like: [3], unlike: [] });
    await settle();
    expect(search.pictures[0]?.name).toBe("IMG_0002.jpg");
    expect(search.liked[0]?.name).toBe("IMG_0003.jpg");
    search.removeLast();
    search.removeLast();
    expect(search.text).toBe("dog");
  });
});

describe("how strict a match must be", () => {
  it("is remembered, and asks at once, though not for the library", () => {
    search.strictness = 0.75;
    expect(queries()).toEqual([]);
    search.type("dog");
    search.submit();
    expect(last()).toMatchObject({ strictness: 0.75 });
    search.answered = {
      kind: "search",
      query: "dog",
      examples: [],
      like: [],
      unlike: [],
      only: [],
    };
    search.strictness = 1;
    expect(last()).toMatchObject({ query: "dog", strictness: 1 });
    expect(new Search(backend).strictness).toBe(1);
  });
});

describe("an answer in pages", () => {
  const many = (from: number, count: number, total: number, strong = total) =>
    listingOf(
      Array.from({ length: count }, (_, i) => ({
        id: from + i + 1,
        strength: from + i < strong ? (1 as const) : (3 as const),
      })),
      { offset: from, total, strong, likely: 0 },
    );

  async function firstPage(total: number, strong = total): Promise<void> {
    search.type("dog");
    search.submit();
    expect(last()).toMatchObject({ offset: 0, limit: FIRST_PAGE });
    backend.questions.at(-1)?.answer(many(0, Math.min(total, FIRST_PAGE), total, strong));
    await settle();
  }

  it("goes on where it ends, once at a time, until all is there", async () => {
    await firstPage(1200);
    search.more();
    search.more();
    expect(backend.questions).toHaveLength(2);
    expect(last()).toMatchObject({ query: "dog", offset: 500, limit: NEXT_PAGE });
    const { revision } = search;
    backend.questions[1]?.answer(many(500, 700, 1200));
    await settle();
    expect(search.listing?.count).toBe(1200);
    expect([search.shown, search.shownInAll, search.revision]).toEqual([1200, 1200, revision]);
    search.more();
    expect(backend.questions).toHaveLength(2);
  });

  it("leaves folded matches where they are until they are wanted", async () => {
    await firstPage(3000, 40);
    expect([search.shown, search.shownInAll]).toEqual([40, 40]);
    search.more();
    expect(backend.questions).toHaveLength(1);
    search.weakShown = true;
    search.more();
    expect(last()).toMatchObject({ offset: 500 });
    expect(search.shownInAll).toBe(3000);
  });

  it("is there as far as it was after a refresh", async () => {
    await firstPage(3000);
    search.more();
    backend.questions[1]?.answer(many(500, 1000, 3000));
    await settle();
    search.refresh();
    expect(last()).toMatchObject({ offset: 0, limit: 1500 });
    search.type("cat");
    search.submit();
    expect(last()).toMatchObject({ offset: 0, limit: FIRST_PAGE });
  });

  it("drops a page that comes after another question", async () => {
    await firstPage(1200);
    search.more();
    search.type("cat");
    search.submit();
    backend.questions[1]?.answer(many(500, 700, 1200));
    await settle();
    expect(search.listing?.count).toBe(500);
  });

  it("says when a page cannot be had, and does not ask for it without end", async () => {
    await firstPage(1200);
    search.more();
    backend.questions[1]?.fail({ code: "failed", message: "disk is gone" });
    await settle();
    expect(search.moreFailure?.message).toEqual(verbatim("disk is gone"));
    search.more();
    expect(backend.questions).toHaveLength(2);
    search.retryMore();
    expect(backend.questions).toHaveLength(3);
    expect(search.listing?.count).toBe(500);
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
