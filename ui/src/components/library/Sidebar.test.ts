import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { createRawSnippet, tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { Library } from "../../lib/library/library.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import { SavedSearches } from "../../lib/saved/saved.svelte";
import { Search } from "../../lib/search/search.svelte";
import { Tags } from "../../lib/tags/tags.svelte";
import Sidebar from "./Sidebar.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

async function open(options: Partial<FakeOptions> = {}) {
  const backend = new FakeBackend({ count: 400, state: "offline", ...options });
  const notices = new Notices();
  const library = new Library(backend, notices);
  await library.open();
  const props = {
    library,
    saved: new SavedSearches(backend, notices, new Search(backend)),
    tags: new Tags(backend, notices),
    at: "photos" as const,
    category: null,
    onshow: vi.fn(),
    onsaved: vi.fn(),
    ontag: vi.fn(),
    onreview: vi.fn(),
    onsettings: vi.fn(),
    children: createRawSnippet(() => ({ render: () => "<p>foot</p>" })),
  };
  render(Sidebar, { props });
  await settle();
  return { backend, notices, props };
}

const folders = (): HTMLElement[] =>
  within(screen.getByRole("list", { name: "Folders" })).getAllByRole("listitem");
const seen = (element: Element | undefined): string =>
  [...(element?.querySelectorAll(".name, .count, .state") ?? [])]
    .map((part) => part.textContent?.trim())
    .join(" | ");
/** What a screen reader reads of a folder, its buttons aside. */
const heard = (element: Element | undefined): string => {
  const copy = element?.cloneNode(true) as Element;
  copy.querySelectorAll("[aria-hidden='true'], .actions").forEach((hidden) => hidden.remove());
  return copy.textContent?.replace(/\s+/g, " ").trim() ?? "";
};

describe("the folders in the sidebar", () => {
  it("say in words which of them are not as they should be", async () => {
    await open();
    expect(folders().map(seen)).toEqual([
      "Pictures | 400",
      "Photos 2009–2016 | 1,204 | Not there",
      expect.stringMatching(/^Familienurlaub .* \| 18 \| Cannot be read$/),
      "Family | 5,321 | Checked now and then",
      "scans | 88,214 | Checked now and then",
    ]);
  });

  it("tell why changes come late, to who points at them and to who listens", async () => {
    await open();
    const reason = "A network folder (nfs4) tells nothing of its changes.";
    const family = folders()[3];
    expect(family?.title).toBe(`/mnt/nas/Family\nChanges are noticed with some delay. ${reason}`);
    expect(heard(family)).toContain(reason);
    expect(heard(folders()[1])).toContain("Its photos stay in the library.");
    expect(folders()[0]?.title).toBe("/home/anna/Pictures");
    expect(heard(folders()[0])).toBe("Pictures 400");
  });

  it("are followed anew on request", async () => {
    const { backend, notices } = await open();
    vi.spyOn(backend, "rescan").mockRejectedValue({ code: "failed", message: "stopped" });
    await userEvent.click(screen.getByRole("button", { name: "Look for changes" }));
    await settle();
    expect(notices.all[0]?.text).toBe("Your folders could not be looked through. Stopped.");
  });

  it("have what is left out of them changed", async () => {
    const { backend } = await open();
    const set = vi.spyOn(backend, "setExclusions");
    await userEvent.click(screen.getByRole("button", { name: "What to leave out of Family" }));
    await userEvent.type(screen.getByLabelText("Names and paths, one a line"), "2019/raw");
    await userEvent.click(screen.getByRole("button", { name: "Apply" }));
    await settle();
    expect(set).toHaveBeenCalledWith(4, {
      patterns: ["2019/raw"],
      hidden: true,
      noMedia: true,
      minBytes: 0,
    });
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("offer nothing that would fail while the library cannot be changed", async () => {
    await open({ readOnly: "library.sqlite is damaged" });
    const buttons = screen.getAllByRole<HTMLButtonElement>("button");
    const offered = buttons
      .filter((button) => !button.disabled)
      .map((button) => button.textContent);
    expect(offered.map((words) => words?.replace(/\s+/g, " ").trim())).toEqual([
      "Library 95,157",
      "Duplicates",
      "Map",
      "Insight",
      "Settings",
    ]);
  });

  it("lead back to the library, to its other views, and to the settings", async () => {
    const { props } = await open();
    const library = screen.getByRole("button", { name: /^Library/ });
    expect(library.getAttribute("aria-current")).toBe("page");
    await userEvent.click(library);
    for (const name of ["Duplicates", "Map", "Insight"]) {
      await userEvent.click(screen.getByRole("button", { name }));
    }
    expect(props.onshow.mock.calls.flat()).toEqual(["photos", "duplicates", "map", "insight"]);
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    expect(props.onsettings).toHaveBeenCalledOnce();
  });
});
