import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await tick();
}

type Rejected = Readonly<Record<string, readonly number[]>>;

async function open(
  rejected: Rejected = { dog: [3, 4, 5], cat: [7] },
  more?: Partial<FakeOptions>,
) {
  const backend = new FakeBackend({ count: 60, ...more });
  for (const [category, photos] of Object.entries(rejected)) {
    backend.tags.decide(photos, category, "rejected");
  }
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  session.view = "rejected";
  await settle();
  return { backend, session };
}

const categories = (): string[] =>
  screen
    .queryAllByTestId("rejected-category")
    .map((each) => each.textContent?.replace(/\s+/g, " ").trim() ?? "");
const shown = (): number[] =>
  screen.queryAllByTestId("review-photo").map((photo) => Number(photo.dataset.photoId));
const rejectedOf = (backend: FakeBackend, category: string): number =>
  backend.tags.review(category, "rejected", 0, 9).total;

beforeEach(() => localStorage.clear());

describe("the rejected suggestions", () => {
  it("are listed by category, the first one shown", async () => {
    await open();
    expect(categories()).toEqual(["Dog 3", "Cat 1"]);
    expect(shown().sort()).toEqual([3, 4, 5]);
    expect(screen.getByRole("listbox", { name: "Dog, Rejected" })).toBe(document.activeElement);
  });

  it("are shown for another category by a click, which keeps the focus", async () => {
    await open();
    const cat = screen.getByRole("button", { name: "Cat 1" });
    await userEvent.click(cat);
    await settle();
    expect(shown()).toEqual([7]);
    expect(cat.getAttribute("aria-current")).toBe("true");
    expect(document.activeElement).toBe(cat);
  });

  it("are restored one by one by a key, and rejected again by undo", async () => {
    const { backend, session } = await open();
    const [first, second] = shown();
    await userEvent.keyboard("r");
    await settle();
    expect(shown()).not.toContain(first);
    expect(rejectedOf(backend, "dog")).toBe(2);
    expect(screen.getByTestId("review-said").textContent).toBe("1 photo taken back.");
    await userEvent.click(screen.getByTestId("restore"));
    await settle();
    expect(shown()).not.toContain(second);
    await session.history.undo();
    await settle();
    expect(shown()).toContain(second);
    expect(rejectedOf(backend, "dog")).toBe(2);
  });

  it("are neither confirmed nor rejected here", async () => {
    const { backend, session } = await open();
    const decide = vi.spyOn(backend, "decide");
    const trash = vi.spyOn(session.actions, "trash");
    await userEvent.keyboard("yn{Enter}{Delete}");
    await settle();
    expect(decide).not.toHaveBeenCalled();
    expect(trash).not.toHaveBeenCalled();
  });

  it("are restored as many as are chosen", async () => {
    const { backend } = await open();
    await userEvent.keyboard("{Shift>}{ArrowRight}{/Shift}");
    await userEvent.click(screen.getByRole("button", { name: "Restore 2" }));
    await settle();
    expect(rejectedOf(backend, "dog")).toBe(1);
  });

  it("are restored all at once, after which the next category is shown", async () => {
    const { backend } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Restore all 3" }));
    await settle();
    expect(rejectedOf(backend, "dog")).toBe(0);
    await vi.waitFor(() => expect(categories()).toEqual(["Cat 1"]), 2000);
    await settle();
    expect(shown()).toEqual([7]);
  });

  it("lead to the review where there are none", async () => {
    const { session } = await open({});
    expect(screen.getByTestId("empty-state").textContent).toContain("You have rejected nothing");
    await userEvent.click(screen.getByRole("button", { name: "Review suggestions" }));
    await settle();
    expect(session.view).toBe("review");
  });

  it("say why they cannot be listed, and can be tried again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "review")
      .mockRejectedValue({ code: "failed", message: "the disk is gone" });
    await open();
    expect(screen.getByTestId("failed-state").textContent).toContain("The disk is gone.");
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(shown()).toHaveLength(3);
  });

  it("stay as they are while the library is open for reading only", async () => {
    const { backend } = await open(undefined, { readOnly: "library.sqlite is damaged" });
    await userEvent.keyboard("r");
    await settle();
    expect(rejectedOf(backend, "dog")).toBe(3);
    expect(screen.getByTestId<HTMLButtonElement>("restore-all").disabled).toBe(true);
  });
});
