import { beforeEach, expect, test } from "vitest";

import { FakeBackend } from "../backend/fake";
import { branches, folderQuery, Folders } from "./folders.svelte";

const folder = (path: string, depth: number, root = 1) => ({
  root,
  path,
  name: path.split("/").at(-1) ?? "",
  depth,
  photos: 1,
});

const TREE = [
  folder("/a", 0),
  folder("/a/b", 1),
  folder("/a/b/c", 2),
  folder("/a/d", 1),
  folder("/e", 0, 2),
];

const paths = (open: string[]): string[] =>
  branches(TREE, new Set(open)).map(({ folder: { path } }) => path);

beforeEach(() => localStorage.clear());

test("what lies below a folded folder is not shown, however it is unfolded itself", () => {
  expect(paths([])).toEqual(["/a", "/e"]);
  expect(paths(["/a/b"])).toEqual(["/a", "/e"]);
  expect(paths(["/a"])).toEqual(["/a", "/a/b", "/a/d", "/e"]);
  expect(paths(["/a", "/a/b"])).toEqual(["/a", "/a/b", "/a/b/c", "/a/d", "/e"]);
});

test("only what has something below it can be unfolded", () => {
  const parents = branches(TREE, new Set(["/a", "/a/d", "/e"])).filter(({ unfolds }) => unfolds);
  expect(parents.map(({ folder: { path }, open }) => [path, open])).toEqual([
    ["/a", true],
    ["/a/b", false],
  ]);
});

test("what is unfolded is remembered", async () => {
  const folders = new Folders(new FakeBackend({ count: 12 }));
  await folders.load();
  folders.unfold("/home/anna/Pictures", true);
  const again = new Folders(new FakeBackend({ count: 12 }));
  await again.load();
  expect(again.tree.length).toBe(4);
  again.unfold("/home/anna/Pictures", false);
  expect(again.tree.length).toBe(1);
});

test("a folder's question takes any name", () => {
  expect(folderQuery('/a/12" vinyl')).toBe('folder:"/a/12"" vinyl"');
});
