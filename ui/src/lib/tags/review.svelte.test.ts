import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { reviewed } from "../../testing/tags";
import type { ReviewPage } from "../backend/dto";
import { FakeBackend } from "../backend/fake";
import { EXAMPLES_TO_LEARN } from "../backend/fakeTags";
import { Notices } from "../notices/notices.svelte";
import { PAGE, PAUSE_MS, Review } from "./review.svelte";
import { Tags } from "./tags.svelte";

const NOTHING = { shift: false, control: false };
const SHIFT = { shift: true, control: false };

let backend: FakeBackend;
let notices: Notices;
let tags: Tags;
let review: Review;
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  localStorage.clear();
  vi.useFakeTimers();
  backend = new FakeBackend({ count: 400 });
  notices = new Notices();
  tags = new Tags(backend, notices);
  review = new Review(backend, notices, tags);
  await tags.load();
});

async function open(category = "dog"): Promise<number[]> {
  review.open(category);
  await settle();
  return [...review.ids];
}

describe("the list of a category", () => {
  it("has the most confident first, and that one current", async () => {
    const [first] = await open();
    const confidences = (review.photos ?? []).map(({ confidence }) => confidence ?? 0);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    expect(review.selection.current).toBe(first);
    expect(review.total).toBe(tags.get("dog")?.suggested);
  });

  it("comes in pages", async () => {
    const all = Array.from({ length: PAGE + 5 }, (_, i) => reviewed(i + 1));
    const read = vi
      .spyOn(backend, "review")
      .mockImplementation(async (_, __, offset, limit): Promise<ReviewPage> => ({
        photos: all.slice(offset, offset + limit),
        total: all.length,
      }));
    await open();
    expect(review.ids).toHaveLength(PAGE);
    review.more();
    review.more();
    await settle();
    expect(review.ids).toHaveLength(PAGE + 5);
    expect(read).toHaveBeenCalledTimes(2);
    review.more();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("says why it cannot be read", async () => {
    vi.spyOn(backend, "review").mockRejectedValue({ code: "failed", message: "disk is gone" });
    await open();
    expect(review.failure?.message).toEqual(verbatim("disk is gone"));
    expect(review.photos).toBeNull();
  });

  it("drops the answer for a list that was left", async () => {
    let late: (page: ReviewPage) => void = () => undefined;
    const read = vi.spyOn(backend, "review");
    read.mockImplementationOnce(() => new Promise((answer) => (late = answer)));
    review.open("dog");
    review.open("cat");
    await settle();
    const cats = [...review.ids];
    late({ photos: [reviewed(9999)], total: 1 });
    await settle();
    expect(review.ids).toEqual(cats);
  });
});

describe("deciding", () => {
  it("takes the photo off the list at once and goes on with the next", async () => {
    const [first, second] = await open();
    review.decide("confirmed");
    expect(review.ids).not.toContain(first);
    expect(review.selection.current).toBe(second);
    await settle();
    expect(backend.tags.review("dog", "tagged", 0, 9).photos.map(({ id }) => id)).toEqual([first]);
    expect(review.said).toBe("1 photo confirmed.");
  });

  it("is about all that are chosen, and goes on behind the last of them", async () => {
    const [, second = 0, , fourth = 0, fifth] = await open();
    review.click(second, NOTHING);
    review.click(fourth, SHIFT);
    expect(review.targets).toHaveLength(3);
    review.decide("rejected");
    await settle();
    expect(review.selection.current).toBe(fifth);
    expect(review.said).toBe("3 photos rejected.");
    expect(backend.tags.review("dog", "rejected", 0, 9).total).toBe(3);
  });

  it("confirms all that are shown", async () => {
    const ids = await open();
    review.confirmAll();
    await settle();
    expect(review.photos).toEqual([]);
    expect(backend.tags.review("dog", "tagged", 0, 1).total).toBe(ids.length);
  });

  it("sends quick decisions in their order", async () => {
    const sent: number[][] = [];
    const { decide } = FakeBackend.prototype;
    vi.spyOn(backend, "decide").mockImplementation(async (photos, category, decision) => {
      sent.push(photos);
      await new Promise((done) => setTimeout(done, sent.length === 1 ? 50 : 1));
      return decide.call(backend, photos, category, decision);
    });
    const [first = 0, second = 0] = await open();
    review.decide("confirmed");
    review.decide("rejected");
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toEqual([[first], [second]]);
  });

  it("brings the photo back where the decision cannot be kept", async () => {
    const [first] = await open();
    vi.spyOn(backend, "decide").mockRejectedValue({ code: "failed", message: "disk is full" });
    review.decide("confirmed");
    await settle();
    expect(notices.all[0]?.text).toBe("Your decision could not be kept. Disk is full.");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(review.ids[0]).toBe(first);
  });

  it("does nothing while nothing is there", async () => {
    const decide = vi.spyOn(backend, "decide");
    review.decide("confirmed");
    await open("documents");
    review.decide("confirmed");
    await settle();
    expect(decide).not.toHaveBeenCalled();
  });
});

describe("learning", () => {
  it("tells what it changed, and orders the list anew only after a pause", async () => {
    await open();
    for (let i = 0; i < EXAMPLES_TO_LEARN; i++) review.decide("confirmed");
    const before = [...review.ids];
    await settle();
    expect(review.learned).not.toBeNull();
    expect(review.learned?.after).not.toBe(review.learned?.before);
    expect(review.ids).toEqual(before);
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(review.total).toBe(review.learned?.after);
    expect(review.ids).not.toEqual(before);
  });

  it("keeps the photo current that was so, wherever it is in the new order", async () => {
    await open();
    for (let i = 0; i < EXAMPLES_TO_LEARN; i++) review.decide("confirmed");
    const { current } = review.selection;
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(review.selection.current).toBe(current);
  });

  it("waits as long as decisions come", async () => {
    await open();
    const read = vi.spyOn(backend, "review");
    for (let i = 0; i < 4; i++) {
      review.decide("confirmed");
      await vi.advanceTimersByTimeAsync(PAUSE_MS - 100);
    }
    expect(read).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(read).toHaveBeenCalledOnce();
  });
});

describe("undo", () => {
  it("brings back what was decided last, and makes it current", async () => {
    const [, second] = await open();
    review.decide("confirmed");
    review.decide("rejected");
    await settle();
    await review.undo();
    expect(notices.all.at(-1)?.text).toBe("Taken back: “Dog” is not on 1 photo.");
    expect(review.selection.current).toBe(second);
    expect(review.ids).toContain(second);
    expect(backend.tags.review("dog", "tagged", 0, 9).total).toBe(1);
  });

  it("takes back its own decision, not one that was made elsewhere since", async () => {
    const [first = 0, second = 0] = await open();
    review.decide("confirmed");
    await settle();
    await backend.decide([second], "dog", "rejected");
    await review.undo();
    expect(backend.tags.tagsOf(first)).not.toContainEqual(
      expect.objectContaining({ category: "dog", decision: "confirmed" }),
    );
    expect(backend.tags.review("dog", "rejected", 0, 9).photos.map(({ id }) => id)).toEqual([
      second,
    ]);
  });

  it("waits for a decision that is under way", async () => {
    const ids = await open();
    review.decide("confirmed");
    await review.undo();
    expect(review.ids).toEqual(ids);
  });

  it("takes back what was learned", async () => {
    await open();
    for (let i = 0; i < EXAMPLES_TO_LEARN; i++) review.decide("confirmed");
    await settle();
    await review.undo();
    expect(review.learned).toBeNull();
  });

  it("says where there is nothing to take back", async () => {
    await open();
    await review.undo();
    expect(notices.all.at(-1)?.text).toBe("There is nothing to take back.");
  });

  it("says why it did not work, and goes on with what was done before", async () => {
    const ids = await open();
    review.decide("rejected");
    await settle();
    review.decide("rejected");
    await settle();
    vi.spyOn(backend, "undoTags").mockRejectedValueOnce({
      code: "failed",
      message: "disk is full",
    });
    await review.undo();
    expect(notices.all.at(-1)?.text).toBe("This could not be taken back. Disk is full.");
    await review.undo();
    expect(review.ids.length).toBe(ids.length - 1);
  });

  it("leaves the list of another category alone", async () => {
    await open();
    review.decide("rejected");
    await settle();
    const cats = await open("cat");
    review.click(cats[1] ?? 0, NOTHING);
    await review.undo();
    expect(review.selection.current).toBe(cats[1]);
    expect(backend.tags.review("dog", "rejected", 0, 1).total).toBe(0);
  });
});

describe("the other lists", () => {
  it("take decisions back, or turn them around", async () => {
    const [first = 0, second = 0] = await open();
    review.decide("confirmed");
    review.decide("confirmed");
    await settle();
    review.show("tagged");
    await settle();
    expect([...review.ids].sort()).toEqual([first, second].sort());
    review.click(first, NOTHING);
    review.decide(null);
    review.click(second, NOTHING);
    review.decide("rejected");
    await settle();
    expect(review.ids).toEqual([]);
    review.show("rejected");
    await settle();
    expect(review.ids).toEqual([second]);
    review.show("suggested");
    await settle();
    expect(review.ids).toContain(first);
  });
});

describe("taking back all of a list", () => {
  it("reaches those that have not come yet", async () => {
    const many = Array.from({ length: PAGE + 30 }, (_, i) => i + 1);
    const all = new FakeBackend({ count: PAGE + 30 });
    all.tags.decide(many, "dog", "rejected");
    const tree = new Tags(all, notices);
    const rejected = new Review(all, notices, tree);
    await tree.load();
    rejected.open("dog", "rejected");
    await settle();
    expect(rejected.ids).toHaveLength(PAGE);
    await rejected.takeAllBack();
    await settle();
    expect(rejected.photos).toEqual([]);
    expect(all.tags.review("dog", "rejected", 0, 1).total).toBe(0);
    await rejected.undo();
    expect(all.tags.review("dog", "rejected", 0, 1).total).toBe(PAGE + 30);
  });

  it("takes nothing back where the rest cannot be read", async () => {
    backend.tags.decide(
      Array.from({ length: PAGE + 1 }, (_, i) => i + 1),
      "dog",
      "rejected",
    );
    review.open("dog", "rejected");
    await settle();
    vi.spyOn(backend, "review").mockRejectedValue({ code: "failed", message: "disk is gone" });
    const decide = vi.spyOn(backend, "decide");
    await review.takeAllBack();
    expect(decide).not.toHaveBeenCalled();
    expect(notices.all[0]?.text).toBe("The rest of the list could not be read. Disk is gone.");
  });
});

describe("a photo that was seen large", () => {
  it("is decided on next, unless several are chosen", async () => {
    const [first = 0, second = 0, third = 0] = await open();
    review.saw(third);
    expect(review.targets).toEqual([third]);
    review.click(first, NOTHING);
    review.click(second, SHIFT);
    review.saw(third);
    expect(review.targets).toEqual([first, second]);
    review.saw(99_999);
    expect(review.selection.current).toBe(third);
  });
});
