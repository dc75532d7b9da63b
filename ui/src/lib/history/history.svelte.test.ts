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

test("where nothing is left, what an earlier session did is taken back", async () => {
  const notices = new Notices();
  const before = vi.fn(async () => "“Dog” on 2 photos");
  await new History(notices, before).undo();
  expect(before).toHaveBeenCalledOnce();
  expect(notices.all.at(-1)?.text).toBe("Taken back: “Dog” on 2 photos");
});

test("what cannot be taken back is told with its cause, and can be tried again", async () => {
  const notices = new Notices();
  const history = new History(notices);
  history.push("trashed", async () => Promise.reject(new Error("the trash is empty")));
  await history.undo();
  expect(notices.all.at(-1)).toMatchObject({ kind: "failed" });
  expect(notices.all.at(-1)?.text).toContain("The trash is empty.");
  expect(history.next).toBe("trashed");
});
