import { expect, test, vi } from "vitest";

import { Notices } from "../notices/notices.svelte";
import { History } from "./history.svelte";

test("the last thing is taken back first, each once", async () => {
  const undone: string[] = [];
  const history = new History(new Notices());
  for (const name of ["one", "two"]) history.push(name, async () => void undone.push(name));
  expect(history.next).toBe("two");
  await history.undo();
  await history.undo();
  await history.undo();
  expect(undone).toEqual(["two", "one"]);
  expect(history.next).toBeNull();
});

test("what was done is told, with a way to take it back", async () => {
  const notices = new Notices();
  const undo = vi.fn(async () => undefined);
  new History(notices).did("3 photos are favourites.", undo);
  const [notice] = notices.all;
  expect(notice).toMatchObject({ text: "3 photos are favourites.", action: { words: "Undo" } });
  if (notice) notices.act(notice);
  await vi.waitFor(() => expect(notices.all.at(-1)?.text).toContain("Taken back"));
  expect(undo).toHaveBeenCalledOnce();
});

test("only the notice of the last thing offers to take it back", async () => {
  const notices = new Notices();
  const history = new History(notices);
  const nothing = async (): Promise<void> => undefined;
  history.did("one", nothing);
  history.push("two", nothing);
  expect(notices.all.map(({ action }) => action)).toEqual([null]);
  history.did("three", nothing);
  await history.undo();
  expect(notices.all.every(({ action }) => action === null)).toBe(true);
});

test("where nothing is left, what an earlier session did is offered, or nothing is", async () => {
  const notices = new Notices();
  const before = vi.fn(() => true);
  await new History(notices, before).undo();
  expect(before).toHaveBeenCalledOnce();
  expect(notices.all).toEqual([]);
  await new History(notices).undo();
  expect(notices.all.at(-1)?.text).toBe("There is nothing to take back.");
});

test("what cannot be taken back is told with its cause, and does not stand before the rest", async () => {
  const undone: string[] = [];
  const notices = new Notices();
  const history = new History(notices);
  history.push("starred", async () => void undone.push("starred"));
  history.push("trashed", async () => Promise.reject(new Error("the trash is empty")));
  await history.undo();
  expect(notices.all.at(-1)).toMatchObject({ kind: "failed" });
  expect(notices.all.at(-1)?.text).toContain("The trash is empty.");
  await history.undo();
  expect(undone).toEqual(["starred"]);
});

test("what is still being done is what is taken back, not the step before it", async () => {
  const undone: string[] = [];
  const history = new History(new Notices());
  history.push("first", async () => void undone.push("first"));
  const slow = history.during(
    new Promise<void>((done) =>
      setTimeout(() => {
        history.push("second", async () => void undone.push("second"));
        done();
      }, 20),
    ),
  );
  await history.undo();
  await slow;
  expect(undone).toEqual(["second"]);
});
