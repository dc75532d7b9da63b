import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { Notices } from "../../lib/notices/notices.svelte";
import NoticeList from "./NoticeList.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

function open(raised = false): Notices {
  const notices = new Notices();
  render(NoticeList, { props: { notices, raised } });
  return notices;
}

const FULL = { code: "failed", message: "the disk is full: free some space" };
const copy = (): Promise<void> => userEvent.click(screen.getByTestId("copy-details"));

describe("notices", () => {
  it("say a failure with its cause, and go when they are dismissed", async () => {
    const notices = open();
    notices.failed("The tag could not be saved.", FULL);
    await settle();
    expect(screen.getByRole("alert").textContent).toContain(
      "The tag could not be saved. The disk is full: free some space.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("give all there is to say of a failure to be sent to somebody", async () => {
    const notices = open();
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    notices.failed("The tag could not be saved.", FULL);
    await settle();
    await copy();
    await settle();
    expect(write).toHaveBeenCalledExactlyOnceWith(
      "The tag could not be saved.\nfailed: the disk is full: free some space",
    );
    expect(screen.getByTestId("copy-details").textContent?.trim()).toBe("Copied.");
  });

  it("copy by hand where a page may not, and say where that does not work either", async () => {
    const notices = open();
    vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not allowed"));
    let chosen = "";
    const command = vi.fn(() => {
      chosen = (document.activeElement as HTMLTextAreaElement).value;
      return true;
    });
    document.execCommand = command;
    notices.failed("It failed.", FULL);
    await settle();
    await copy();
    await settle();
    expect(chosen).toContain("the disk is full");
    expect(document.querySelector("textarea")).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId("copy-details"));
    expect(screen.getByTestId("copy-details").textContent?.trim()).toBe("Copied.");

    command.mockReturnValue(false);
    await copy();
    await settle();
    expect(screen.getByTestId("copy-details").textContent).toContain("could not be copied");
  });

  it("say what was done politely, with what can be done about it and nothing to copy", async () => {
    const notices = open();
    const run = vi.fn();
    notices.done("3 photos are in the trash.", { words: "Undo", run });
    await settle();
    expect(screen.getByRole("status").textContent).toContain("3 photos are in the trash.");
    expect(screen.queryByTestId("copy-details")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    expect(run).toHaveBeenCalledOnce();
    expect(screen.queryByRole("status")).toBeNull();
  });
});
