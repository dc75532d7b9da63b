import { describe, expect, it, vi } from "vitest";

import { says, verbatim } from "../backend/backend";
import { copy, groupOf } from "../../testing/duplicates";
import type { DuplicateGroup, DuplicateKind, Trashed } from "../backend/dto";
import { FakeBackend } from "../backend/fake";
import { History } from "../history/history.svelte";
import { Notices } from "../notices/notices.svelte";
import { BATCH, Duplicates } from "./duplicates.svelte";

type Groups = Partial<Record<DuplicateKind, DuplicateGroup[]>>;

/** What is open, and read. */
async function open(groups: Groups, kind: DuplicateKind = "exact") {
  const backend = new FakeBackend({ count: 3 });
  const read = vi
    .spyOn(backend, "duplicates")
    .mockImplementation(async (each) => groups[each] ?? []);
  const trash = vi
    .spyOn(backend, "trash")
    .mockImplementation(async (moved): Promise<Trashed> => ({ moved, failed: [] }));
  const unchanged = vi
    .spyOn(backend, "unchangedPhotos")
    .mockImplementation(async (photos) => photos);
  const notices = new Notices();
  const history = new History(notices);
  const duplicates = new Duplicates(backend, notices, history);
  duplicates.show(kind);
  const close = duplicates.open();
  await vi.waitFor(() => expect(Object.values(duplicates.groups)).not.toContain(null));
  const group = (at: number): DuplicateGroup => duplicates.shown?.[at] as DuplicateGroup;
  return { backend, read, trash, unchanged, notices, history, duplicates, close, group };
}

const ids = (photos: readonly { id: number }[]): number[] => photos.map(({ id }) => id);

describe("what stays of a group", () => {
  it("is what is suggested, until a person chooses another", async () => {
    const { duplicates, group } = await open({ exact: [groupOf(copy(1), copy(2), copy(3))] });
    expect([1, 2, 3].map((id) => duplicates.stays(group(0), id))).toEqual([true, false, false]);
    duplicates.choose(group(0), 3);
    expect([1, 2, 3].map((id) => duplicates.stays(group(0), id))).toEqual([false, false, true]);
  });

  it("is one photo of a file that is there twice, and any number of a burst", async () => {
    const { duplicates, group } = await open(
      { burst: [groupOf(copy(1), copy(2), copy(3)), groupOf(copy(4), copy(5))] },
      "burst",
    );
    duplicates.choose(group(0), 2);
    duplicates.choose(group(0), 3);
    expect(duplicates.plan([group(0)]).photos).toEqual([]);
    duplicates.choose(group(0), 1);
    expect(ids(duplicates.plan([group(0)]).photos)).toEqual([1]);
    duplicates.choose(group(0), 2);
    // The last one cannot be given up.
    duplicates.choose(group(0), 3);
    expect(ids(duplicates.plan([group(0)]).staying)).toEqual([3]);
    expect(ids(duplicates.plan([group(1)]).staying)).toEqual([4]);
  });

  it("is chosen for each kind by itself", async () => {
    const same = groupOf(copy(1), copy(2));
    const { duplicates, group } = await open({ exact: [same], burst: [same] });
    duplicates.choose(group(0), 2);
    duplicates.show("burst");
    expect(duplicates.stays(group(0), 1)).toBe(true);
  });
});

describe("what would be moved", () => {
  it("are the others of each group, with how much that is", async () => {
    const { duplicates, group } = await open({
      exact: [groupOf(copy(1), copy(2), copy(3)), groupOf(copy(4), copy(5))],
    });
    const plan = duplicates.plan([group(0), group(1)]);
    expect(ids(plan.photos)).toEqual([2, 3, 5]);
    expect(ids(plan.staying)).toEqual([1, 4]);
    expect(plan).toMatchObject({ groups: 2, bytes: 10_000_000, outOfReach: 0 });
  });

  it("is nothing that cannot be reached; what stays out of reach is counted", async () => {
    const away = { offline: true };
    const { duplicates, group } = await open({
      exact: [
        groupOf(copy(1), copy(2, away), copy(3)),
        groupOf(copy(4), copy(5, away)),
        groupOf(copy(6, away), copy(7)),
      ],
    });
    const plan = duplicates.plan([group(0), group(1), group(2)]);
    expect(ids(plan.photos)).toEqual([3, 7]);
    expect(plan).toMatchObject({ groups: 2, outOfReach: 2, keptOutOfReach: 1 });
  });
});

describe("moving to the trash", () => {
  it("needs an answer to a question, and only one", async () => {
    const { duplicates, trash, notices, group } = await open({
      exact: [groupOf(copy(1), copy(2)), groupOf(copy(3), copy(4))],
    });
    duplicates.ask([group(0)]);
    expect(ids(duplicates.asked?.photos ?? [])).toEqual([2]);
    duplicates.dismiss();
    await duplicates.confirm();
    expect(trash).not.toHaveBeenCalled();

    duplicates.ask([group(0)]);
    await Promise.all([duplicates.confirm(), duplicates.confirm()]);
    expect(trash).toHaveBeenCalledExactlyOnceWith([2]);
    expect(notices.all.map(({ text }) => text)).toEqual(["1 file moved to the trash."]);
    // Its group is none any more; the other one is.
    expect(duplicates.shown?.map(({ keeper }) => keeper)).toEqual([3]);
  });

  it("asks nothing where nothing would be moved", async () => {
    const { duplicates, group } = await open({
      exact: [groupOf(copy(1), copy(2, { offline: true }))],
    });
    duplicates.ask([group(0)]);
    expect(duplicates.asked).toBeNull();
  });

  it("leaves alone what is no longer beside a photo that stays", async () => {
    const groups: Groups = {
      exact: [groupOf(copy(1), copy(2), copy(9)), groupOf(copy(3), copy(4))],
    };
    const { duplicates, trash, group } = await open(groups);
    duplicates.ask([group(0), group(1)]);
    // Meanwhile the first group's photo to stay is gone, and 4 cannot be reached.
    groups.exact = [groupOf(copy(2), copy(9)), groupOf(copy(3), copy(4, { offline: true }))];
    await duplicates.retry();
    await duplicates.confirm();
    expect(trash).not.toHaveBeenCalled();
  });

  it("leaves alone the copies of a photo that is not on the disk any more", async () => {
    const { duplicates, trash, unchanged } = await open({
      exact: [groupOf(copy(1), copy(2)), groupOf(copy(3), copy(4))],
    });
    unchanged.mockResolvedValue([3]);
    duplicates.ask(duplicates.shown ?? []);
    await duplicates.confirm();
    expect(unchanged).toHaveBeenCalledWith([1, 3]);
    expect(trash.mock.calls).toEqual([[[4]]]);
  });

  it("goes in batches, tells how far it is, and stops between two", async () => {
    const many = Array.from({ length: 2 * BATCH + 50 }, (_, i) => copy(i + 2));
    const { duplicates, trash, group } = await open({ exact: [groupOf(copy(1), ...many)] });
    const seen: unknown[] = [];
    trash.mockImplementation(async (moved) => {
      seen.push(duplicates.moving);
      if (seen.length === 2) duplicates.stop();
      return { moved, failed: [] };
    });
    duplicates.ask([group(0)]);
    await duplicates.confirm();
    expect(seen).toEqual([
      { done: 0, total: 250 },
      { done: 100, total: 250 },
    ]);
    expect(duplicates.moving).toBeNull();
    expect(duplicates.shown?.[0]?.photos).toHaveLength(51);
  });

  it("says which files stayed, and why, and keeps these in view", async () => {
    const { duplicates, trash, group } = await open({
      exact: [groupOf(copy(1), copy(2), copy(3))],
    });
    const failed = [{ photo: 3, path: "/home/anna/3.jpg", reason: says("permission denied") }];
    trash.mockResolvedValue({ moved: [2], failed });
    duplicates.ask([group(0)]);
    await duplicates.confirm();
    expect(duplicates.unmoved).toEqual(failed);
    expect(ids(group(0).photos)).toEqual([1, 3]);
    duplicates.dismissUnmoved();
    expect(duplicates.unmoved).toEqual([]);
  });

  it("says what went wrong with all of it", async () => {
    const { duplicates, trash, notices, group } = await open({
      exact: [groupOf(copy(1), copy(2))],
    });
    trash.mockRejectedValue({ code: "failed", message: "there is no trash here" });
    duplicates.ask([group(0)]);
    await duplicates.confirm();
    expect(notices.all.map(({ text }) => text)).toEqual([
      "The files could not be moved to the trash. There is no trash here.",
    ]);
    expect(duplicates.moving).toBeNull();
    expect(duplicates.shown).toHaveLength(1);
  });
});

describe("taking back what was moved", () => {
  it("brings the files back out of the trash, of all batches", async () => {
    const many = Array.from({ length: BATCH + 1 }, (_, i) => copy(i + 2));
    const { backend, duplicates, history, group, notices } = await open({
      exact: [groupOf(copy(1), ...many)],
    });
    const restore = vi.spyOn(backend, "restore");
    duplicates.ask([group(0)]);
    await duplicates.confirm();
    expect(notices.all.at(-1)).toMatchObject({
      text: "101 files moved to the trash.",
      action: { words: "Undo" },
    });
    await history.undo();
    expect(restore).toHaveBeenCalledExactlyOnceWith(ids(many));
    expect(history.next).toBeNull();
  });

  it("says which file did not come back", async () => {
    const { backend, duplicates, history, group, notices } = await open({
      exact: [groupOf(copy(1), copy(2))],
    });
    vi.spyOn(backend, "restore").mockResolvedValue({
      restored: [],
      failed: [{ photo: 2, path: "/home/anna/2.jpg", reason: says("the trash was emptied") }],
    });
    duplicates.ask([group(0)]);
    await duplicates.confirm();
    await history.undo();
    expect(notices.all.at(-1)?.text).toBe(
      "This could not be taken back. 2.jpg: the trash was emptied.",
    );
  });
});

describe("reading duplicates", () => {
  it("begins with the kind on view, and reads nothing while nobody looks", async () => {
    vi.useFakeTimers();
    const { duplicates, read, close } = await open({}, "burst");
    expect(read.mock.calls.flat()).toEqual(["burst", "exact", "edited"]);
    close();
    duplicates.changed();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(read).toHaveBeenCalledTimes(3);
    duplicates.open();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(read).toHaveBeenCalledTimes(6);
  });

  it("is tried again by kind", async () => {
    const { duplicates, read } = await open({});
    read.mockRejectedValueOnce({ code: "failed", message: "disk is gone" });
    await duplicates.retry();
    expect(duplicates.failure?.message).toEqual(verbatim("disk is gone"));
    duplicates.show("edited");
    expect(duplicates.failure).toBeNull();
    duplicates.show("exact");
    await duplicates.retry();
    expect(duplicates.failure).toBeNull();
  });
});
