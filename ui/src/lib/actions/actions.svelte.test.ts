import { beforeEach, expect, it } from "vitest";

import { FakeBackend } from "../backend/fake";
import { History } from "../history/history.svelte";
import { Notices } from "../notices/notices.svelte";
import { Search } from "../search/search.svelte";
import { Selection } from "../selection/selection.svelte";
import { Actions } from "./actions.svelte";

let backend: FakeBackend;
let history: History;
let actions: Actions;

beforeEach(() => {
  backend = new FakeBackend({ count: 20 });
  const notices = new Notices();
  history = new History(notices);
  actions = new Actions(backend, notices, history, new Search(backend), new Selection());
});

const DOG = { id: "dog", name: "Dog" };

it("tags are taken back by themselves, whatever was decided elsewhere since", async () => {
  await actions.decide([1, 2], DOG, "tagged");
  await actions.tag([1], "Grandma");
  await backend.decide([2, 3], "dog", "rejected");
  await history.undo();
  expect(backend.tags.given()).toEqual(new Map([[1, ["Dog"]]]));
  await history.undo();
  expect(backend.tags.given()).toEqual(new Map());
  expect(backend.tags.review("dog", "rejected", 0, 9).total).toBe(2);
});

it("what says nothing new is no step to take back", async () => {
  await actions.decide([1], DOG, "tagged");
  await history.undo();
  await backend.decide([1], "dog", "tagged");
  await actions.decide([1], DOG, "tagged");
  await actions.tag([1], "Dog");
  expect(history.next).toBeNull();
});
