import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Layout } from "../../lib/layout/layout.svelte";
import { Search } from "../../lib/search/search.svelte";
import Tools from "./Tools.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

async function open(text = "", folded = false) {
  const search = new Search(new FakeBackend({ count: 60 }));
  search.type(text);
  await settle();
  const layout = new Layout();
  render(Tools, { props: { search, layout, folded } });
  return { search, layout };
}

async function panelOf(testid: string, name: string): Promise<HTMLElement> {
  await userEvent.click(screen.getByTestId(testid));
  await settle();
  return screen.getByRole("dialog", { name });
}

const orders = (panel: HTMLElement): (string | null)[] =>
  within(within(panel).getByRole("group", { name: "Order" }))
    .getAllByRole("radio")
    .map((radio) => radio.closest("label")?.textContent?.trim() ?? null);
const tuning = (): Promise<HTMLElement> => panelOf("tuning", "Order and strictness");

beforeEach(() => localStorage.clear());

describe("what the answer is tuned by", () => {
  it("says the order, puts another one into the text, and takes it out again", async () => {
    const { search } = await open("a dog");
    expect(screen.getByTestId("tuning").textContent?.trim()).toBe("Best match");
    const panel = await tuning();
    expect(orders(panel)).toEqual(["Best match", "Newest", "Oldest", "Recently added"]);
    for (const [words, text] of [
      ["Newest", "a dog sort:date"],
      ["Oldest", "a dog sort:oldest"],
      ["Recently added", "a dog sort:added"],
      ["Best match", "a dog"],
    ] as const) {
      await userEvent.click(within(panel).getByLabelText(words));
      await settle();
      expect(search.text).toBe(text);
      expect(screen.getByTestId("tuning").textContent?.trim()).toBe(words);
    }
  });

  it("offers no best match and no strictness where nothing is ranked", async () => {
    await open("date:2026");
    const panel = await tuning();
    expect(orders(panel)).toEqual(["Newest", "Oldest", "Recently added"]);
    expect(within(panel).getByLabelText<HTMLInputElement>("Newest").checked).toBe(true);
    expect(within(panel).queryByRole("slider")).toBeNull();
  });

  it("asks at once with another strictness, and says it in words", async () => {
    const { search } = await open("a dog");
    const strong = search.listing?.strong ?? 0;
    const slider = within(await tuning()).getByRole<HTMLInputElement>("slider");
    expect(slider.getAttribute("aria-valuetext")).toBe("As usual");
    slider.value = "4";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    expect(search.strictness).toBe(1);
    expect(slider.getAttribute("aria-valuetext")).toBe("Only sure ones");
    expect(search.listing?.strong).toBeLessThan(strong);
  });

  it("closes by Escape and by a press elsewhere, and leaves the question alone", async () => {
    const { search } = await open("a dog");
    await tuning();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId("tuning"));
    await tuning();
    await userEvent.click(document.body);
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(search.text).toBe("a dog");
  });
});

describe("how the photos are laid out", () => {
  it("is chosen beside the box where there is room", async () => {
    const { layout } = await open();
    const size = screen.getByRole<HTMLInputElement>("slider", { name: "Size of the thumbnails" });
    expect([size.min, size.max, size.value]).toEqual(["96", "360", "200"]);
    size.value = "280";
    size.dispatchEvent(new Event("input", { bubbles: true }));
    expect(layout.rowHeight).toBe(280);
    await userEvent.click(screen.getByRole("button", { name: "Arrangement: Squares" }));
    expect(layout.arrangement).toBe("squares");
    await userEvent.click(screen.getByRole("button", { name: "Arrangement: Rows" }));
    expect(layout.arrangement).toBe("justified");
  });

  it("is one panel with all of it where there is none", async () => {
    const { search, layout } = await open("a dog", true);
    expect(screen.queryByTestId("thumbnail-size")).toBeNull();
    const panel = await panelOf("view-options", "View");
    expect(within(panel).getAllByRole("slider")).toHaveLength(2);
    await userEvent.click(within(panel).getByLabelText("Squares"));
    await userEvent.click(within(panel).getByLabelText("Oldest"));
    await settle();
    expect(layout.arrangement).toBe("squares");
    expect(search.text).toBe("a dog sort:oldest");
  });
});
