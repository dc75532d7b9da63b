import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { EXAMPLES_TO_LEARN } from "../lib/backend/fakeTags";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await tick();
}

async function open(category = "dog", options: Partial<FakeOptions> = {}) {
  const backend = new FakeBackend({ count: 60, ...options });
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  session.reviewCategory(category);
  await settle();
  return { backend, session };
}

const photos = (): HTMLElement[] => screen.queryAllByTestId("review-photo");
const chosen = (): HTMLElement[] =>
  photos().filter((photo) => photo.getAttribute("aria-selected") === "true");
const idOf = (photo: HTMLElement | undefined): number => Number(photo?.dataset.photoId);
const list = (): HTMLElement => within(screen.getByTestId("review-grid")).getByRole("listbox");
const tab = (of: string): HTMLElement => screen.getByTestId(`review-${of}`);

beforeEach(() => localStorage.clear());

describe("the review of a category", () => {
  it("shows what is suggested, the most confident first, each with its confidence", async () => {
    const { session } = await open();
    expect(screen.getByTestId("review-head").textContent).toContain("Animals");
    expect(screen.getByRole("heading", { name: "Dog" })).toBeTruthy();
    const ids = photos().map(idOf);
    expect(ids).toEqual(session.review.ids.slice(0, ids.length));
    expect(within(photos()[0] as HTMLElement).getByTestId("confidence")).toBeTruthy();
    expect(photos()[0]?.getAttribute("aria-label")).toMatch(/^IMG_\d+\.jpg, \d+\s% sure$/);
  });

  it("has the keys for the photos as soon as it is there", async () => {
    await open();
    expect(document.activeElement).toBe(list());
    expect(chosen().map(idOf)).toEqual([idOf(photos()[0])]);
  });

  it("decides by keys, going on with the next, and takes back", async () => {
    const { backend } = await open();
    const [first, second, third] = photos().map(idOf);
    await userEvent.keyboard("y");
    await settle();
    expect(idOf(photos()[0])).toBe(second);
    expect(screen.getByTestId("review-said").textContent).toBe("1 photo confirmed.");
    await userEvent.keyboard("n");
    await settle();
    expect(idOf(photos()[0])).toBe(third);
    await userEvent.keyboard("{Control>}z{/Control}");
    await settle();
    expect(screen.getByText("Taken back: “Dog” is not on 1 photo.")).toBeTruthy();
    expect(idOf(chosen()[0])).toBe(second);
    await userEvent.keyboard("{Delete}{Enter}");
    await settle();
    expect(backend.tags.review("dog", "rejected", 0, 9).photos.map(({ id }) => id)).toEqual([
      second,
    ]);
    expect(
      backend.tags
        .review("dog", "tagged", 0, 9)
        .photos.map(({ id }) => id)
        .sort(),
    ).toEqual([first, third].sort());
  });

  it("decides by the keys that the person chose, before those that actions come with", async () => {
    const { backend, session } = await open();
    const [first, second, third] = photos().map(idOf);
    session.shortcuts.rebind("rejectSuggestion", ["Q", "Enter"]);
    await settle();
    expect(screen.getByTestId("confirm").title).toBe("Confirm (Y)");
    expect(screen.getByTestId("reject").title).toBe("Reject (Q, Enter)");
    for (const key of ["n", "q", "{Enter}", "y"]) {
      await userEvent.keyboard(key);
      await settle();
    }
    const listed = (of: "tagged" | "rejected"): number[] =>
      backend.tags.review("dog", of, 0, 9).photos.map(({ id }) => id);
    expect(listed("rejected").sort()).toEqual([first, second].sort());
    expect(listed("tagged")).toEqual([third]);
  });

  it("chooses all photos by the key of the grid", async () => {
    const { session } = await open();
    session.shortcuts.rebind("selectAll", ["Ctrl+J"]);
    await userEvent.keyboard("{Control>}a{/Control}");
    expect(chosen()).toHaveLength(1);
    await userEvent.keyboard("{Control>}j{/Control}");
    expect(chosen()).toHaveLength(photos().length);
  });

  it("keeps each decision among what can be taken back", async () => {
    const { session } = await open();
    const [first, second] = photos().map(idOf);
    await userEvent.keyboard("y");
    await settle();
    await userEvent.keyboard("n");
    await settle();
    expect(session.history.next).toBe("“Dog” is not on 1 photo.");
    await session.history.undo();
    await session.history.undo();
    await settle();
    expect(session.history.next).toBeNull();
    expect(photos().map(idOf).slice(0, 2)).toEqual([first, second]);
  });

  it("gives the current photo stars and a heart by keys, and says so", async () => {
    const { backend, session } = await open();
    const first = idOf(photos()[0]);
    await userEvent.keyboard("5");
    await settle();
    expect(backend.opinions.stars(first)).toBe(5);
    await userEvent.keyboard("f");
    await settle();
    expect(backend.opinions.isFavourite(first)).toBe(true);
    expect(session.notices.all.at(-1)?.text).toMatch(/: 5 stars, favourite$/);
    // The photo is still to be decided on.
    expect(idOf(chosen()[0])).toBe(first);
  });

  it("has the menu of a photo, for all that are chosen with it", async () => {
    const { session } = await open();
    const [first, second] = photos();
    await userEvent.keyboard("{Shift>}{ArrowRight}{/Shift}");
    await fireEvent.contextMenu(second as HTMLElement, { clientX: 40, clientY: 60 });
    expect(session.actions.menu).toEqual({
      photos: [idOf(first), idOf(second)],
      photo: idOf(second),
      x: 40,
      y: 60,
    });
    const third = photos()[2] as HTMLElement;
    await fireEvent.contextMenu(third, { clientX: 1, clientY: 1 });
    expect(session.actions.menu?.photos).toEqual([idOf(third)]);
    expect(chosen().map(idOf)).toEqual([idOf(third)]);
  });

  it("decides on many that were chosen by pointer", async () => {
    const { backend } = await open();
    const user = userEvent.setup();
    const [one, , three, four] = photos();
    await user.click(one as HTMLElement);
    await user.keyboard("{Shift>}");
    await user.click(three as HTMLElement);
    await user.keyboard("{/Shift}{Control>}");
    await user.click(four as HTMLElement);
    await user.keyboard("{/Control}");
    expect(chosen()).toHaveLength(4);
    await user.click(screen.getByRole("button", { name: "Reject 4" }));
    await settle();
    expect(backend.tags.review("dog", "rejected", 0, 9).total).toBe(4);
    expect(document.activeElement).toBe(list());
  });

  it("chooses by arrows with Shift, and all with Control and A", async () => {
    await open();
    await userEvent.keyboard("{Shift>}{ArrowRight}{ArrowRight}{/Shift}");
    expect(screen.getByRole("button", { name: "Confirm 3" })).toBeTruthy();
    await userEvent.keyboard("{Control>}a{/Control}");
    expect(chosen()).toHaveLength(photos().length);
  });

  it("says quietly what it learned, with a way back", async () => {
    await open();
    for (let i = 0; i < EXAMPLES_TO_LEARN; i++) await userEvent.keyboard("y");
    await settle();
    // The tree is read again, not too often.
    await vi.waitFor(
      () =>
        expect(screen.getByTestId("learned").textContent?.replace(/\s+/g, " ").trim()).toMatch(
          /^Dog has learned from your 5 decisions: \d+ suggestions?(?: now, \d+|, as many as) before\. Undo$/,
        ),
      2000,
    );
    await userEvent.click(within(screen.getByTestId("learned")).getByRole("button"));
    await settle();
    expect(screen.getByTestId("learned").textContent?.trim()).toBe("");
  });

  it("confirms all that are shown, and then leads on", async () => {
    const { session, backend } = await open();
    const { length } = session.review.ids;
    await userEvent.click(screen.getByRole("button", { name: `Confirm all ${length} shown` }));
    await settle();
    expect(backend.tags.review("dog", "tagged", 0, 1).total).toBe(length);
    expect(screen.getByText("Nothing left to review")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: /^Next: Cat, \d+ to review$/ }));
    await settle();
    expect(screen.getByRole("heading", { name: "Cat" })).toBeTruthy();
    expect(document.activeElement).toBe(list());
  });

  it("has tabs for what was decided, which can be taken back", async () => {
    const { backend } = await open();
    await userEvent.keyboard("y");
    await settle();
    await userEvent.click(tab("tagged"));
    await settle();
    expect(photos()).toHaveLength(1);
    expect(screen.queryByTestId("confirm")).toBeNull();
    expect(screen.getByTestId("take-back").title).toMatch(/ \(R\)$/);
    await userEvent.click(screen.getByTestId("take-back"));
    await settle();
    expect(screen.getByText("No photo has this tag yet")).toBeTruthy();
    expect(backend.tags.review("dog", "tagged", 0, 1).total).toBe(0);
    tab("tagged").focus();
    await userEvent.keyboard("{ArrowRight}");
    await settle();
    expect(screen.getByText("Nothing was rejected")).toBeTruthy();
    expect(document.activeElement).toBe(tab("rejected"));
  });

  it("shows a photo large among the others, and goes on from the one seen last", async () => {
    const { session } = await open();
    const [, second] = photos().map(idOf);
    await userEvent.keyboard(" ");
    await settle();
    expect(screen.getByTestId("viewer")).toBeTruthy();
    await userEvent.keyboard("{ArrowRight}");
    await settle();
    expect(session.viewer.id).toBe(second);
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(session.view).toBe("review");
    expect(chosen().map(idOf)).toEqual([second]);
  });

  it("offers to describe what suggests nothing yet", async () => {
    const { backend, session } = await open();
    await backend.addTag([1], "Grandma");
    await session.tags.load();
    session.reviewCategory("own-grandma");
    await settle();
    await userEvent.click(screen.getByRole("button", { name: "Describe it" }));
    await settle();
    expect(screen.getByTestId("category-editor")).toBeTruthy();
  });

  it("leads to its photos, and to its editor", async () => {
    const { session } = await open();
    await userEvent.click(screen.getByTestId("edit-category"));
    await settle();
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    await settle();
    await userEvent.click(screen.getByRole("button", { name: "Show its photos" }));
    await settle();
    expect([session.view, session.search.text]).toEqual(["photos", 'tag:"Dog"']);
    const here = screen.getAllByTestId("tag-line").filter((line) => line.ariaSelected === "true");
    // The line is folded away under its parent.
    expect(here).toEqual([]);
  });

  it("says why its photos cannot be listed, and can try again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "review")
      .mockRejectedValue({ code: "failed", message: "the disk is gone" });
    await open();
    expect(screen.getByTestId("failed-state").textContent).toContain("The disk is gone.");
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(photos().length).toBeGreaterThan(0);
  });

  it("says that a category is gone", async () => {
    const { session, backend } = await open();
    await backend.addTag([1], "Grandma");
    await session.tags.load();
    session.reviewCategory("own-grandma");
    await backend.removeCategory("own-grandma");
    await session.tags.load();
    await settle();
    expect(screen.getByText("This category is no longer there")).toBeTruthy();
  });

  it("decides nothing while the library is open for reading only", async () => {
    const { backend } = await open("dog", { readOnly: "library.sqlite is damaged" });
    const decide = vi.spyOn(backend, "decide");
    await userEvent.keyboard("ynr{Enter}{Delete}");
    await settle();
    expect(decide).not.toHaveBeenCalled();
    expect(screen.getByTestId<HTMLButtonElement>("confirm").disabled).toBe(true);
  });
});

describe("tags that the engine changes", () => {
  it("are read again, and what asks for them is asked again", async () => {
    const { backend, session } = await open();
    session.showTagged("dog");
    await settle();
    const search = vi.spyOn(backend, "search");
    const tree = vi.spyOn(backend, "tagTree");
    backend.emit((events) => events.tagsChanged());
    await vi.waitFor(() => expect(tree).toHaveBeenCalled(), 2000);
    await vi.waitFor(() => expect(search).toHaveBeenCalledOnce(), 2000);
  });

  it("leave the photos under the viewer until it is closed", async () => {
    const { backend, session } = await open();
    session.showTagged("dog");
    await settle();
    session.viewer.open(session.search.listing?.ids[0] ?? 0);
    await settle();
    const search = vi.spyOn(backend, "search");
    backend.emit((events) => events.tagsChanged());
    await settle();
    expect(search).not.toHaveBeenCalled();
    await userEvent.keyboard("{Escape}");
    await vi.waitFor(() => expect(search).toHaveBeenCalledOnce(), 2000);
  });
});

describe("the tags in the viewer", () => {
  async function look() {
    const opened = await open();
    opened.session.view = "photos";
    await settle();
    opened.session.viewer.open(7);
    await settle();
    return opened;
  }
  const given = (): string[] =>
    screen.queryAllByTestId("given-tag").map((tag) => tag.textContent?.trim() ?? "");

  it("are confirmed and rejected one by one", async () => {
    await look();
    const [one, two] = screen
      .getAllByTestId("suggested-tag")
      .map((tag) => tag.textContent?.trim() ?? "");
    await userEvent.click(screen.getByRole("button", { name: `Confirm ${one}` }));
    await settle();
    expect(given()).toContain(one);
    await userEvent.click(screen.getByRole("button", { name: `Reject ${two}` }));
    await settle();
    expect(screen.queryByRole("button", { name: `Reject ${two}` })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: `Remove ${one}` }));
    await settle();
    expect(given()).not.toContain(one);
  });

  it("are added by the T key, completed by synonyms, and typed without turning pages", async () => {
    const { session } = await look();
    await userEvent.keyboard("t");
    expect(document.activeElement).toBe(screen.getByTestId("tag-field"));
    await userEvent.keyboard("gul");
    await settle();
    expect(screen.getByTestId("tag-proposal").textContent).toContain("gull");
    await userEvent.keyboard("{ArrowLeft}{ArrowRight}{ArrowDown}{Enter}");
    await settle();
    expect(session.viewer.id).toBe(7);
    expect(given()).toEqual(expect.arrayContaining(["Seagull", "Bird"]));
  });

  it("may be of a new name, and Escape leaves the field before the viewer", async () => {
    const { session } = await look();
    await userEvent.keyboard("tGrandma");
    await settle();
    expect(screen.getByTestId("tag-fresh").textContent).toContain("New tag “Grandma”");
    await userEvent.keyboard("{Enter}");
    await settle();
    expect(given()).toContain("Grandma");
    await userEvent.keyboard("x{Escape}{Escape}");
    expect(session.viewer.id).toBe(7);
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(session.viewer.id).toBeNull();
  });

  it("cannot be changed while the library is open for reading only", async () => {
    const { session } = await open("dog", { readOnly: "library.sqlite is damaged" });
    session.viewer.open(7);
    await settle();
    expect(screen.queryByTestId("tag-field")).toBeNull();
    const [button] = within(screen.getByTestId("photo-tags")).getAllByRole<HTMLButtonElement>(
      "button",
    );
    expect(button?.disabled).toBe(true);
  });
});
