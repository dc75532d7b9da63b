import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import type { Category } from "../../lib/backend/dto";
import { category } from "../../testing/tags";
import CategoryEditor from "./CategoryEditor.svelte";

const TREE = [
  category("animals"),
  category("dog", { parent: "animals", names: { de: "Hund" }, synonyms: ["puppy"] }),
];

function open(edited: Category | null = null) {
  const props = {
    category: edited,
    categories: TREE,
    onsave: vi.fn(async () => undefined),
    onreset: vi.fn(async () => undefined),
    onremove: vi.fn(async () => undefined),
    onclose: vi.fn(),
  };
  render(CategoryEditor, { props });
  return props;
}

const field = (label: RegExp): HTMLInputElement => screen.getByLabelText(label);
const save = (): Promise<void> => userEvent.click(screen.getByTestId("save-category"));

describe("the editor of a category", () => {
  it("makes a new one of what is typed", async () => {
    const { onsave, onclose } = open();
    expect(document.activeElement).toBe(field(/^Name/));
    await userEvent.type(field(/^Name/), "Lighthouse");
    await userEvent.type(field(/^German/), "Leuchtturm");
    await userEvent.selectOptions(field(/^Lies under/), "Animals");
    await userEvent.type(field(/^What its photos/), "a lighthouse{Enter}a tower by the sea");
    await userEvent.type(field(/^Other words/), "beacon");
    await userEvent.click(screen.getByRole("checkbox", { name: /^Hide it/ }));
    await save();
    expect(onsave).toHaveBeenCalledWith({
      id: null,
      name: "Lighthouse",
      names: { de: "Leuchtturm" },
      parent: "animals",
      prompts: ["a lighthouse", "a tower by the sea"],
      synonyms: ["beacon"],
      exclusive: false,
      hidden: true,
    });
    expect(onclose).toHaveBeenCalledOnce();
  });

  it("says what is to be put right, at its field, once saving was tried", async () => {
    const { onsave } = open();
    await userEvent.type(field(/^What its photos/), "a lighthouse");
    expect(screen.queryByText("Give it a name.")).toBeNull();
    await save();
    expect(onsave).not.toHaveBeenCalled();
    expect(screen.getByText("Give it a name.")).toBeTruthy();
    expect(field(/^Name/).getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(field(/^Name/));
    expect(screen.getByText(/^Add a second description/)).toBeTruthy();
    await userEvent.type(field(/^Name/), "Dog");
    expect(screen.getByText("“Dog” is there already. Choose another name.")).toBeTruthy();
  });

  it("stays open and says why where it cannot be kept", async () => {
    const { onsave, onclose } = open(TREE[1] ?? null);
    onsave.mockRejectedValue({ code: "failed", message: "disk is full" });
    await save();
    await tick();
    expect(screen.getByText("Disk is full.")).toBeTruthy();
    expect(onclose).not.toHaveBeenCalled();
  });

  it("goes back to what came with the application, where that was changed", async () => {
    const changed = category("dog", { origin: "changed" });
    const { onreset } = open(changed);
    expect(screen.queryByTestId("delete-category")).toBeNull();
    await userEvent.click(screen.getByTestId("reset-category"));
    expect(onreset).toHaveBeenCalledWith(changed);
  });

  it("offers neither for one that is as it came", () => {
    open(TREE[1] ?? null);
    expect(screen.queryByTestId("reset-category")).toBeNull();
    expect(screen.queryByTestId("delete-category")).toBeNull();
  });

  it("deletes an own one only after it said how many photos lose it", async () => {
    const own = category("grandma", { origin: "own", tagged: 12 });
    const { onremove, onclose } = open(own);
    await userEvent.click(screen.getByTestId("delete-category"));
    expect(screen.getByText("12 photos lose this tag.")).toBeTruthy();
    expect(onremove).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Keep it" }));
    expect(onclose).not.toHaveBeenCalled();
    await userEvent.click(screen.getByTestId("delete-category"));
    await userEvent.click(screen.getByRole("button", { name: "Delete it" }));
    expect(onremove).toHaveBeenCalledWith(own);
    expect(onclose).toHaveBeenCalledOnce();
  });

  it("asks no descriptions of what only holds others", () => {
    open(category("places", { heading: true, prompts: [] }));
    expect(screen.queryByLabelText(/^What its photos/)).toBeNull();
  });
});
