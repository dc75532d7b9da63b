import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { category } from "../../testing/tags";
import { FakeBackend } from "../backend/fake";
import { Notices } from "../notices/notices.svelte";
import { PhotoTags } from "./photoTags.svelte";
import { tagQuery, Tags } from "./tags.svelte";

let backend: FakeBackend;
let notices: Notices;
let tags: Tags;

beforeEach(async () => {
  localStorage.clear();
  backend = new FakeBackend({ count: 60 });
  notices = new Notices();
  tags = new Tags(backend, notices);
  await tags.load();
});

const NEW = {
  id: null,
  name: "Lighthouse",
  names: {},
  parent: "places",
  prompts: ["a lighthouse", "a lighthouse by the sea"],
  synonyms: [],
  exclusive: false,
  hidden: false,
};

describe("the tree of tags", () => {
  it("remembers between starts what is unfolded, and whether all are shown", async () => {
    tags.unfold("animals", true);
    tags.unfold("scenes", true);
    tags.unfold("scenes", false);
    tags.showAll(true);
    const next = new Tags(backend, notices);
    expect([...next.open]).toEqual(["animals"]);
    expect(next.all).toBe(true);
  });

  it("begins folded where what was remembered is damaged", () => {
    localStorage.setItem("afterimage.tags.open", "{");
    expect(new Tags(backend, notices).open.size).toBe(0);
    localStorage.setItem("afterimage.tags.open", "7");
    expect(new Tags(backend, notices).open.size).toBe(0);
  });

  it("says why it cannot be read, and keeps what was there", async () => {
    vi.spyOn(backend, "tagTree").mockRejectedValue({ code: "failed", message: "gone" });
    await tags.load();
    expect(tags.failure?.message).toEqual(verbatim("gone"));
    expect(tags.categories.length).toBeGreaterThan(10);
  });

  it("counts what waits to be reviewed, without what is hidden", () => {
    const shown = tags.categories.filter(({ hidden }) => !hidden);
    expect(tags.pending).toBe(shown.reduce((sum, { suggested }) => sum + suggested, 0));
    expect(tags.hidden.map(({ id }) => id)).toEqual(["documents"]);
  });

  it("asks for a tag by its name, with quotation marks doubled", () => {
    expect(tagQuery(category("dog"))).toBe('tag:"Dog"');
    expect(tagQuery(category("x", { name: 'The "Ark"' }))).toBe('tag:"The ""Ark"""');
  });
});

describe("changing categories", () => {
  it("adds one under its parent", async () => {
    const saved = await tags.save(NEW);
    expect(tags.get(saved.id)).toMatchObject({ origin: "own", parent: "places", suggests: true });
    const ids = tags.categories.map(({ id }) => id);
    expect(ids.indexOf(saved.id)).toBe(ids.indexOf("city") + 1);
  });

  it("takes the making of one back, and puts back what was changed", async () => {
    const saved = await tags.save(NEW);
    await tags.save({ ...NEW, id: saved.id, name: "Beacon" });
    expect(tags.history.next).toBe("Lighthouse");
    await tags.history.undo();
    expect(tags.get(saved.id)?.name).toBe("Lighthouse");
    await tags.remove(saved);
    await tags.history.undo();
    expect(tags.get(saved.id)?.name).toBe("Lighthouse");
    expect(tags.history.next).toBe("“Lighthouse” was made.");
    await tags.history.undo();
    expect(tags.get(saved.id)).toBeNull();
  });

  it("refuses a name that is taken", async () => {
    await expect(tags.save({ ...NEW, name: "dog" })).rejects.toMatchObject({ code: "usage" });
  });

  it("changes a bundled one, and goes back", async () => {
    const dog = tags.get("dog") ?? category("dog");
    await tags.save({ ...NEW, id: "dog", name: "Doggy", parent: "animals" });
    expect(tags.get("dog")).toMatchObject({ name: "Doggy", origin: "changed" });
    await tags.reset(dog);
    expect(tags.get("dog")).toMatchObject({ name: "Dog", origin: "bundled" });
  });

  it("deletes an own one with its tags, and only hides a bundled one", async () => {
    await backend.addTag([1, 2], "Grandma");
    await tags.load();
    const own = tags.get("own-grandma") ?? category("none");
    expect(own.tagged).toBe(2);
    await tags.remove(own);
    expect(tags.get("own-grandma")).toBeNull();
    await tags.remove(tags.get("food") ?? category("none"));
    expect(tags.get("food")?.hidden).toBe(true);
    expect(notices.all.map(({ text }) => text)).toEqual([
      "“Grandma” was deleted.",
      "“Food” is hidden.",
    ]);
  });

  it("takes a deletion back with its tags, and never what was decided before it", async () => {
    await backend.decide([5], "dog", "confirmed");
    await backend.addTag([1, 2], "Grandma");
    await tags.load();
    await tags.remove(tags.get("own-grandma") ?? category("none"));
    await tags.history.undo();
    expect(tags.get("own-grandma")?.tagged).toBe(2);

    // Without tags there is nothing that the engine could take back.
    const empty = await tags.save({ ...NEW, name: "Boats" });
    await tags.remove(empty);
    await tags.history.undo();
    expect(tags.categories.map(({ name }) => name)).toContain("Boats");
    expect(tags.get("own-grandma")?.tagged).toBe(2);
    expect(tags.get("dog")?.tagged).toBe(1);
  });

  it("leaves alone what was done elsewhere since", async () => {
    await backend.addTag([1, 2], "Grandma");
    await tags.load();
    await tags.remove(tags.get("own-grandma") ?? category("none"));
    await backend.decide([5], "dog", "confirmed");
    await tags.history.undo();
    expect(tags.get("own-grandma")?.tagged).toBe(2);
    expect(tags.get("dog")?.tagged).toBe(1);
  });
});

describe("the tags of a photo", () => {
  let photo: PhotoTags;
  const settle = (): Promise<unknown> => new Promise((done) => setTimeout(done, 0));
  const names = (of: readonly { name: string }[]): string[] => of.map(({ name }) => name);

  beforeEach(async () => {
    photo = new PhotoTags(backend, notices, tags);
    photo.open(7);
    await settle();
  });

  it("are given when they are confirmed, and gone when rejected", async () => {
    const [one, other] = photo.suggested;
    if (!one || !other) throw new Error("photo 7 has two suggestions");
    await photo.decide(one, "confirmed");
    await photo.decide(other, "rejected");
    expect(names(photo.given)).toContain(one.name);
    expect(names(photo.suggested)).not.toContain(other.name);
    expect(photo.said).toBe(`${other.name} is not suggested for this photo any more.`);
  });

  it("imply those over them", async () => {
    await photo.add("Seagull");
    expect(photo.given.map(({ name, implied }) => [name, implied])).toEqual(
      expect.arrayContaining([
        ["Seagull", false],
        ["Bird", true],
      ]),
    );
  });

  it("may be of any name, and are taken away again", async () => {
    await photo.add(" Grandma ");
    const [given] = photo.given.filter(({ name }) => name === "Grandma");
    expect(given?.decision).toBe("tagged");
    if (given) await photo.decide(given, null);
    expect(names(photo.given)).not.toContain("Grandma");
    await tags.history.undo();
    expect(names(photo.given)).toContain("Grandma");
    await tags.history.undo();
    expect(names(photo.given)).not.toContain("Grandma");
  });

  it("are taken back by themselves, with a name that was made for them", async () => {
    await photo.add("Grandma");
    await backend.decide([7], "dog", "confirmed");
    await tags.history.undo();
    expect(names(photo.given)).not.toContain("Grandma");
    expect(names(photo.given)).toContain("Dog");
    expect(tags.get("own-grandma")).toBeNull();
  });

  it("say why they cannot be changed", async () => {
    vi.spyOn(backend, "addTag").mockRejectedValue({ code: "failed", message: "disk is full" });
    await photo.add("Grandma");
    expect(notices.all[0]?.text).toBe("The tags of this photo could not be changed. Disk is full.");
  });

  it("are not those of the photo before, however late these come", async () => {
    const { photoTags } = FakeBackend.prototype;
    vi.spyOn(backend, "photoTags").mockImplementation(async (id) => {
      if (id === 8) await settle();
      return photoTags.call(backend, id);
    });
    photo.open(8);
    photo.open(9);
    await settle();
    await settle();
    expect(photo.all).toEqual(backend.tags.tagsOf(9));
  });
});
