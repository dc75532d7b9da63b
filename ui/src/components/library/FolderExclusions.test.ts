import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import type { Exclusions, Root } from "../../lib/backend/dto";
import FolderExclusions from "./FolderExclusions.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

const BEFORE: Exclusions = {
  patterns: ["*.png", "Trips/raw"],
  hidden: true,
  noMedia: false,
  minBytes: 20_000,
};

function open(exclusions = BEFORE, onapply = vi.fn().mockResolvedValue(undefined)) {
  const root: Root = {
    id: 1,
    path: "/home/anna/Pictures",
    state: "online",
    reason: null,
    photos: 4,
    exclusions,
  };
  const onclose = vi.fn();
  render(FolderExclusions, { props: { root, onapply, onclose } });
  return { onapply, onclose };
}

const names = (): HTMLTextAreaElement => screen.getByLabelText("Names and paths, one a line");
const hidden = (): HTMLInputElement => screen.getByLabelText("Leave out hidden files and folders");
const noMedia = (): HTMLInputElement => screen.getByLabelText(/folders that hold a file named/);
const size = (): HTMLInputElement => screen.getByLabelText(/^Leave out files smaller than/);
const apply = (): HTMLElement => screen.getByRole("button", { name: "Apply" });

describe("what is left out of a folder", () => {
  it("is shown as it is, for the folder that is named", () => {
    open();
    expect(screen.getByRole("dialog", { name: "What to leave out of Pictures" })).toBeTruthy();
    expect(names().value).toBe("*.png\nTrips/raw");
    expect([hidden().checked, noMedia().checked]).toEqual([true, false]);
    expect(size().value).toBe("20");
  });

  it("is changed all at once, and closes the dialog", async () => {
    const { onapply, onclose } = open();
    await userEvent.clear(names());
    await userEvent.type(names(), "Cache{Enter}{Enter}  2019/drafts ");
    await userEvent.click(hidden());
    await userEvent.click(noMedia());
    await userEvent.clear(size());
    await userEvent.type(size(), "1,5");
    expect(onapply).not.toHaveBeenCalled();
    await userEvent.click(apply());
    await settle();
    expect(onapply).toHaveBeenCalledExactlyOnceWith({
      patterns: ["Cache", "2019/drafts"],
      hidden: false,
      noMedia: true,
      minBytes: 1500,
    });
    expect(onclose).toHaveBeenCalledOnce();
  });

  it.each(["Cancel", "Escape"])("stays as it was: %s", async (way) => {
    const { onapply, onclose } = open();
    await userEvent.type(names(), "Cache");
    if (way === "Cancel") await userEvent.click(screen.getByRole("button", { name: way }));
    else await userEvent.keyboard("{Escape}");
    expect(onclose).toHaveBeenCalledOnce();
    expect(onapply).not.toHaveBeenCalled();
  });

  it("stays open with the reason where a pattern is none, until it is typed anew", async () => {
    const refused = { code: "usage", message: "a bracket is not closed: write one like *.png" };
    const { onclose } = open(BEFORE, vi.fn().mockRejectedValue(refused));
    await userEvent.click(apply());
    await settle();
    expect(onclose).not.toHaveBeenCalled();
    expect(screen.getByText("A bracket is not closed: write one like *.png.")).toBeTruthy();
    expect(names().getAttribute("aria-invalid")).toBe("true");
    await userEvent.type(names(), "x");
    expect(screen.queryByText(/bracket/)).toBeNull();
    expect(names().getAttribute("aria-invalid")).toBe("false");
  });

  it("says why it could not be kept, and blames nothing that was typed for it", async () => {
    const full = { code: "failed", message: "the disk is full" };
    open(BEFORE, vi.fn().mockRejectedValue(full));
    await userEvent.click(apply());
    await settle();
    expect(screen.getByText("The disk is full.")).toBeTruthy();
    expect(names().getAttribute("aria-invalid")).toBe("false");
  });

  it("is applied once, however often it is asked for", async () => {
    const { onapply } = open(BEFORE, vi.fn().mockReturnValue(new Promise(() => undefined)));
    await userEvent.dblClick(apply());
    expect(onapply).toHaveBeenCalledOnce();
  });

  it("cannot be applied with a size that is none", async () => {
    const { onapply } = open();
    await userEvent.type(size(), "x");
    expect(screen.getByText("Type a number of kilobytes, or leave it empty.")).toBeTruthy();
    expect(apply().hasAttribute("disabled")).toBe(true);
    await userEvent.type(size(), "{Enter}");
    expect(onapply).not.toHaveBeenCalled();
    await userEvent.clear(size());
    await userEvent.click(apply());
    await settle();
    expect(onapply).toHaveBeenCalledWith({ ...BEFORE, minBytes: 0 });
  });

  it("is not thrown away by text that is selected out of the dialog", async () => {
    const { onclose } = open();
    const dialog = screen.getByRole("dialog");
    await userEvent.pointer([
      { keys: "[MouseLeft>]", target: names() },
      { keys: "[/MouseLeft]", target: dialog },
    ]);
    dialog.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(onclose).not.toHaveBeenCalled();
    await userEvent.click(dialog);
    expect(onclose).toHaveBeenCalledOnce();
  });
});
