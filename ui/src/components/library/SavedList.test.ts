import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import type { SavedSearch } from "../../lib/backend/dto";
import { FakeBackend } from "../../lib/backend/fake";
import { Layout } from "../../lib/layout/layout.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import { SavedSearches } from "../../lib/saved/saved.svelte";
import { Search } from "../../lib/search/search.svelte";
import SavedList from "./SavedList.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await tick();
}

const of = (id: number, name: string, query: string): SavedSearch => ({
  id,
  name,
  query,
  examples: [],
  like: [],
  unlike: [],
});

const KEPT = [of(1, "Dogs", "a dog"), of(2, "Grainy", "iso:>3200")];

async function open({ kept = KEPT, atPhotos = true, fixed = false } = {}) {
  localStorage.clear();
  const backend = new FakeBackend({ count: 40 });
  vi.spyOn(backend, "savedSearches").mockResolvedValue(kept);
  vi.spyOn(backend, "countSearch").mockImplementation(async (id) => id * 1200);
  const update = vi.spyOn(backend, "updateSearch").mockResolvedValue();
  const remove = vi.spyOn(backend, "removeSearch").mockResolvedValue();
  const search = new Search(backend);
  const saved = new SavedSearches(backend, new Notices(), search);
  await saved.load();
  const onopen = vi.fn((one: SavedSearch) => saved.open(one));
  const layout = new Layout();
  const shown = render(SavedList, { props: { saved, layout, atPhotos, fixed, onopen } });
  await settle();
  return { layout, backend, update, remove, search, saved, onopen, shown };
}

const entries = (): HTMLElement[] => screen.queryAllByTestId("saved-search");
const entry = (name: string): HTMLElement =>
  entries().find((each) => each.textContent?.includes(name)) as HTMLElement;
const save = (): HTMLButtonElement => screen.getByTestId("save-search");
const field = (): HTMLInputElement => screen.getByTestId("search-name");

async function choose(name: string, item: string): Promise<void> {
  await userEvent.click(screen.getByRole("button", { name: `Change ${name}` }));
  await userEvent.click(screen.getByRole("menuitem", { name: item }));
  await settle();
}

describe("the saved searches", () => {
  it("are listed with what they find now, and tell what they ask", async () => {
    await open();
    expect(entries().map((each) => each.textContent?.replace(/\s+/g, " ").trim())).toEqual([
      "Dogs 1,200",
      "Grainy 2,400",
    ]);
    expect(within(entry("Dogs")).getByRole("button", { name: /^Dogs/ }).title).toBe("a dog");
  });

  it("ask again by a click, and the one that is asked is marked", async () => {
    const { onopen, search, shown } = await open();
    const button = within(entry("Grainy")).getByRole("button", { name: /^Grainy/ });
    expect(button.getAttribute("aria-current")).toBeNull();
    await userEvent.click(button);
    await settle();
    expect(onopen).toHaveBeenCalledExactlyOnceWith(KEPT[1]);
    expect(search.text).toBe("iso:>3200");
    expect(button.getAttribute("aria-current")).toBe("page");
    await shown.rerender({ atPhotos: false });
    expect(button.getAttribute("aria-current")).toBeNull();
  });

  it("say what belongs there while there are none", async () => {
    await open({ kept: [] });
    expect(screen.getByText("Searches that you save stay here, with what they find.")).toBeTruthy();
  });

  it("are not counted while they are folded, and are still kept by the button", async () => {
    const { backend, layout } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Saved searches" }));
    expect(entries()).toEqual([]);
    expect(layout.folded("saved")).toBe(true);
    expect(screen.getByTestId("save-search")).toBeTruthy();
    vi.mocked(backend.countSearch).mockClear();
    await userEvent.click(screen.getByRole("button", { name: "Saved searches" }));
    expect(entries()).toHaveLength(2);
  });

  it("say why they could not be read, and can be read again", async () => {
    const { backend, saved } = await open();
    vi.mocked(backend.savedSearches).mockRejectedValueOnce({ code: "failed", message: "no disk" });
    await saved.load();
    await settle();
    expect(screen.getByRole("alert").textContent?.replace(/\s+/g, " ")).toContain(
      "They could not be read. No disk.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(screen.queryByText(/could not be read/)).toBeNull();
  });
});

describe("saving a search", () => {
  it("is offered while a question is asked that is not kept", async () => {
    const { search } = await open();
    expect(save().disabled).toBe(true);
    search.type("a cat");
    await settle();
    expect(save().disabled).toBe(false);
    search.type("a dog");
    await settle();
    expect(save().disabled).toBe(true);
  });

  it("begins with the words as its name, all of them chosen", async () => {
    const { backend, search } = await open();
    const keep = vi.spyOn(backend, "saveSearch").mockResolvedValue(of(3, "Cats", "a cat"));
    search.type("a cat");
    await settle();
    await userEvent.click(save());
    expect(document.activeElement).toBe(field());
    expect(field().value).toBe("a cat");
    expect([field().selectionStart, field().selectionEnd]).toEqual([0, 5]);
    await userEvent.clear(field());
    await userEvent.type(field(), " Cats {Enter}");
    await settle();
    expect(keep).toHaveBeenCalledExactlyOnceWith({
      name: "Cats",
      query: "a cat",
      examples: [],
      like: [],
      unlike: [],
    });
    expect(screen.queryByTestId("search-name")).toBeNull();
  });

  it("says that a name is taken, until another is typed", async () => {
    const { backend, search } = await open();
    const message = "there is a search named Dogs already: choose another name";
    vi.spyOn(backend, "saveSearch").mockRejectedValue({ code: "usage", message });
    search.type("a cat");
    await settle();
    await userEvent.click(save());
    await userEvent.keyboard("Dogs{Enter}");
    await settle();
    expect(field().getAttribute("aria-invalid")).toBe("true");
    expect(
      screen.getByText("There is a search named Dogs already: choose another name."),
    ).toBeTruthy();
    await userEvent.keyboard("!");
    expect(field().getAttribute("aria-invalid")).toBe("false");
  });

  it.each(["{Escape}", "Cancel (Escape)"])("is left by %s", async (way) => {
    const { backend, search } = await open();
    const keep = vi.spyOn(backend, "saveSearch");
    search.type("a cat");
    await settle();
    await userEvent.click(save());
    if (way === "{Escape}") await userEvent.keyboard(way);
    else await userEvent.click(screen.getByRole("button", { name: way }));
    expect(screen.queryByTestId("search-name")).toBeNull();
    expect(keep).not.toHaveBeenCalled();
  });
});

describe("the menu of a saved search", () => {
  it("renames it in place", async () => {
    const { update } = await open();
    await choose("Dogs", "Rename");
    expect(document.activeElement).toBe(field());
    expect(field().value).toBe("Dogs");
    await userEvent.keyboard("My dogs{Enter}");
    await settle();
    expect(update).toHaveBeenCalledWith({ ...KEPT[0], name: "My dogs" });
    expect(screen.queryByTestId("search-name")).toBeNull();
    expect(document.activeElement?.textContent).toContain("Dogs");
  });

  it("is not needed to rename: F2 does it, too", async () => {
    await open();
    within(entry("Grainy"))
      .getByRole("button", { name: /^Grainy/ })
      .focus();
    await userEvent.keyboard("{F2}");
    await settle();
    expect(field().value).toBe("Grainy");
  });

  it("puts what is asked now in its place", async () => {
    const { update, search } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Change Dogs" }));
    const item = screen.getByRole("menuitem", { name: "Replace by this search" });
    expect(item.hasAttribute("disabled")).toBe(true);
    search.type("a dog in snow");
    await settle();
    await userEvent.click(item);
    await settle();
    expect(update).toHaveBeenCalledWith({ ...KEPT[0], query: "a dog in snow" });
  });

  it("removes it at once", async () => {
    const { remove } = await open();
    await choose("Dogs", "Remove");
    expect(remove).toHaveBeenCalledExactlyOnceWith(1);
  });

  it("changes nothing while the library cannot be changed", async () => {
    const { search } = await open({ fixed: true });
    search.type("a cat");
    await settle();
    expect(save().disabled).toBe(true);
    await userEvent.click(screen.getByRole("button", { name: "Change Dogs" }));
    const items = screen.getAllByRole<HTMLButtonElement>("menuitem");
    expect(items.map(({ disabled }) => disabled)).toEqual([true, true, true]);
  });
});
