import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { speech } from "../../lib/i18n/i18n.svelte";
import { Library } from "../../lib/library/library.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import FailuresPanel from "./FailuresPanel.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

async function open(state: "failures" | "idle" = "failures") {
  const backend = new FakeBackend({ count: 30, state });
  const notices = new Notices();
  const onreveal = vi.fn();
  const onclose = vi.fn();
  const library = new Library(backend, notices);
  render(FailuresPanel, { props: { library, notices, onreveal, onclose } });
  await settle();
  return { backend, notices, onreveal, onclose };
}

const text = (element: Element): string => element.textContent?.replace(/\s+/g, " ").trim() ?? "";
const groups = (): HTMLElement[] => screen.queryAllByTestId("failure-group");

afterEach(() => (speech.choice = "system"));

describe("the list of failures", () => {
  it("has them by their reasons, each with how many, those that can be helped first", async () => {
    await open();
    expect(groups().map((group) => text(group.querySelector("h3") ?? group))).toEqual([
      "The file is cut off (41 kB of a JPEG are missing). 4 photos",
      "The file cannot be read: permission denied. 3 photos",
      "Not a picture: the content is a web page or XML text. 4 photos",
      "The picture is too large: 20300 x 20300 pixels, at most 256 megapixels are decoded. 3 photos",
    ]);
    const helped = groups().map((group) => !text(group).includes("Trying again does not help"));
    expect(helped).toEqual([true, true, false, false]);
  });

  it("shows a file in its folder, and tries again what can be", async () => {
    const { onreveal, notices } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Show scan_3.jpg in its folder" }));
    expect(onreveal).toHaveBeenCalledWith(500_003);
    await userEvent.click(screen.getByTestId("retry"));
    await settle();
    expect(notices.all[0]?.text).toBe("7 photos will be tried again.");
    expect(groups()).toHaveLength(2);
  });

  it("copies all of it", async () => {
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await open();
    await userEvent.click(screen.getByTestId("copy-failures"));
    await settle();
    const lines = write.mock.lastCall?.[0].split("\n") ?? [];
    expect(lines).toHaveLength(14 + 4);
    expect(lines.slice(0, 1)).toEqual(["the file is cut off (41 kB of a JPEG are missing)"]);
    expect(screen.getByText("Copied.")).toBeTruthy();
  });

  it("says so where nothing failed", async () => {
    const { onclose } = await open("idle");
    const state = screen.getByTestId("empty-state");
    expect(text(state)).toContain("Every photo in your folders could be read.");
    await userEvent.click(within(state).getByRole("button", { name: "Close" }));
    expect(onclose).toHaveBeenCalled();
    expect(screen.queryByTestId("retry")).toBeNull();
  });

  it("speaks German", async () => {
    speech.choice = "de";
    await open();
    expect(screen.getByRole("heading", { level: 2 }).textContent).toBe(
      "Fotos, die nicht gelesen werden konnten",
    );
    expect(text(groups()[0] as HTMLElement)).toContain("4 Fotos");
  });
});
