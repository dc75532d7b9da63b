import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { category } from "../../testing/tags";
import type { Category } from "../../lib/backend/dto";
import { FakeBackend } from "../../lib/backend/fake";
import { speech } from "../../lib/i18n/i18n.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import { Tags } from "../../lib/tags/tags.svelte";
import TagList from "./TagList.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

const TREE = [
  category("animals", { name: "Animals", heading: true }),
  category("dog", { parent: "animals", suggested: 4, tagged: 2 }),
  category("cat", { parent: "animals" }),
  category("food", { tagged: 1 }),
  category("boat"),
  category("documents", { hidden: true }),
];

async function open(
  categories: Category[] = TREE,
  change: { fixed?: boolean; ready?: boolean } = {},
) {
  const backend = new FakeBackend({ count: 9 });
  vi.spyOn(backend, "tagTree").mockResolvedValue({
    categories,
    undo: null,
    ready: change.ready ?? true,
  });
  const tags = new Tags(backend, new Notices());
  await tags.load();
  const props = {
    tags,
    at: null,
    fixed: change.fixed ?? false,
    onsearch: vi.fn(),
    onreview: vi.fn(),
  };
  render(TagList, { props });
  await settle();
  return { backend, tags, props };
}

const lines = (): string[] =>
  screen.queryAllByTestId("tag-line").map((line) =>
    [...line.children]
      .filter((part) => !part.classList.contains("unseen"))
      .map((part) => part.textContent?.trim() ?? "")
      .filter((words) => words !== "")
      .join(" "),
  );
const line = (id: string): HTMLElement => {
  const found = screen.getAllByTestId("tag-line").find((each) => each.dataset.category === id);
  if (!found) throw new Error(`no line ${id}`);
  return found;
};

beforeEach(() => {
  localStorage.clear();
  speech.choice = "system";
});

describe("the tags in the sidebar", () => {
  it("are those with photos, with what waits to be reviewed", async () => {
    await open();
    expect(lines()).toEqual(["Animals 4", "Food 1"]);
    await userEvent.click(screen.getByTestId("all-tags"));
    expect(lines()).toEqual(["Animals 4", "Food 1", "Boat"]);
  });

  it("unfold by a click on the sign, and stay so", async () => {
    const { tags, props } = await open();
    await userEvent.click(screen.getByTestId("fold"));
    expect(lines()).toEqual(["Animals", "Dog 4 2", "Food 1"]);
    expect(line("animals").getAttribute("aria-expanded")).toBe("true");
    expect(line("dog").getAttribute("aria-level")).toBe("2");
    expect([...tags.open]).toEqual(["animals"]);
    expect(props.onsearch).not.toHaveBeenCalled();
  });

  it("ask for their photos by a click, and only unfold where they hold others", async () => {
    const { props } = await open();
    await userEvent.click(line("food"));
    expect(props.onsearch).toHaveBeenCalledWith("food");
    await userEvent.click(line("animals"));
    expect(props.onsearch).toHaveBeenCalledOnce();
    expect(lines()).toHaveLength(3);
  });

  it("lead to the review, folded ones to the first under them", async () => {
    const { props } = await open();
    await userEvent.click(screen.getByTestId("pending"));
    expect(props.onreview).toHaveBeenCalledWith("dog");
    await userEvent.click(screen.getByTestId("review-tags"));
    expect(props.onreview).toHaveBeenCalledTimes(2);
  });

  it("are one stop of the Tab key, and moved in by arrows", async () => {
    const { props, tags } = await open();
    const stops = screen.getAllByTestId("tag-line").filter(({ tabIndex }) => tabIndex === 0);
    expect(stops).toHaveLength(1);
    line("animals").focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}");
    await settle();
    expect(document.activeElement).toBe(line("dog"));
    await userEvent.keyboard("r{Enter}");
    expect(props.onreview).toHaveBeenCalledWith("dog");
    expect(props.onsearch).toHaveBeenCalledWith("dog");
    await userEvent.keyboard("{F2}");
    expect(tags.edited?.category?.id).toBe("dog");
    await userEvent.keyboard("{ArrowLeft}");
    await settle();
    expect(document.activeElement).toBe(line("animals"));
    await userEvent.keyboard("{ArrowLeft}");
    expect(lines()).toHaveLength(2);
    await userEvent.keyboard("{End}");
    await settle();
    expect(document.activeElement).toBe(line("food"));
  });

  it("are called as the language of the window does, and asked for all the same", async () => {
    speech.choice = "de";
    const { props } = await open([category("dog", { names: { de: "Hund" }, tagged: 2 })]);
    expect(lines()).toEqual(["Hund 2"]);
    expect(screen.getByRole("treeitem", { name: "Hund , 2 Fotos" })).toBe(line("dog"));
    await userEvent.click(line("dog"));
    expect(props.onsearch).toHaveBeenCalledWith("dog");
    speech.choice = "en";
    await settle();
    expect(lines()).toEqual(["Dog 2"]);
  });

  it("are told to who listens", async () => {
    await open();
    const name = "Animals , 0 photos, 4 to review, press R";
    expect(screen.getByRole("treeitem", { name })).toBe(line("animals"));
  });

  it("begin with a sentence where there are none yet", async () => {
    await open([category("dog")]);
    expect(screen.getByText(/^No photo has a tag yet/)).toBeTruthy();
    expect(screen.getByTestId<HTMLButtonElement>("review-tags").disabled).toBe(true);
  });

  it("say that suggestions are on their way", async () => {
    await open([category("dog")], { ready: false });
    expect(screen.getByText(/as soon as they are computed/)).toBeTruthy();
  });

  it("show what is hidden only on request, to bring it back", async () => {
    const { tags } = await open();
    expect(screen.queryByText("Documents")).toBeNull();
    await userEvent.click(screen.getByTestId("all-tags"));
    await userEvent.click(screen.getByTestId("hidden-tags"));
    await userEvent.click(screen.getByText("Documents"));
    expect(tags.edited?.category?.id).toBe("documents");
  });

  it("are made anew by a button, and by none while nothing can be changed", async () => {
    const { tags } = await open();
    await userEvent.click(screen.getByTestId("new-tag"));
    expect(tags.edited).toEqual({ category: null });
  });

  it("cannot be changed while the library is open for reading only", async () => {
    await open(TREE, { fixed: true });
    expect(screen.getByTestId<HTMLButtonElement>("new-tag").disabled).toBe(true);
  });

  it("say why they cannot be read", async () => {
    const { backend, tags } = await open();
    vi.spyOn(backend, "tagTree").mockRejectedValue({ code: "failed", message: "the disk is gone" });
    await tags.load();
    await settle();
    expect(screen.getByRole("alert").textContent?.replace(/\s+/g, " ")).toContain(
      "They could not be read. The disk is gone.",
    );
  });
});
