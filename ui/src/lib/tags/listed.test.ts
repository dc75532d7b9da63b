import { afterEach, expect, test } from "vitest";

import { FakeBackend } from "../backend/fake";
import { speech } from "../i18n/i18n.svelte";
import { draftOf, wanted } from "./draft";
import { listed, type Listed } from "./listed";

afterEach(() => (speech.choice = "system"));

test("categories are listed with where they lie, and found by any of their names", async () => {
  const backend = new FakeBackend({ count: 20 });
  const before = (await backend.tagTree()).categories;
  const dog = before.find(({ id }) => id === "dog");
  if (!dog) throw new Error("there is no dog");
  await backend.saveCategory({ ...wanted(draftOf(dog), dog), hidden: true });
  await backend.addTag([1], "Grandma");
  const { categories } = await backend.tagTree();

  const names = (which: Listed, typed = ""): string[] =>
    listed(categories, which, typed).map(({ category }) => category.name);
  expect(listed(categories, "all", "dog")[0]?.over).toEqual(["Animals"]);
  expect(names("all")).toHaveLength(categories.length);
  expect([names("hidden"), names("own")]).toEqual([["Dog", "Documents"], ["Grandma"]]);
  expect(names("own", "dog")).toEqual([]);
  // By its German name, whatever the language.
  expect(names("all", "hund")).toEqual(["Dog"]);
  speech.choice = "de";
  expect(listed(categories, "all", "dog")[0]?.over).toEqual(["Tiere"]);
});
