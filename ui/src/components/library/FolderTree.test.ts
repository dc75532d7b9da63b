import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { Folders } from "../../lib/folders/folders.svelte";
import { History } from "../../lib/history/history.svelte";
import { Layout } from "../../lib/layout/layout.svelte";
import { Library } from "../../lib/library/library.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import FolderTree from "./FolderTree.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

async function open(options: Partial<FakeOptions> = {}) {
  const backend = new FakeBackend({ count: 400, state: "offline", ...options });
  const notices = new Notices();
  const history = new History(notices);
  const library = new Library(backend, notices, () => undefined, history);
  await library.open();
  const folders = new Folders(backend);
  await folders.load();
  const onsearch = vi.fn();
  const props = { library, folders, layout: new Layout(), at: null, onsearch };
  const shown = render(FolderTree, { props });
  await settle();
  return { backend, notices, history, library, folders, onsearch, shown };
}

const lines = (): HTMLElement[] => screen.getAllByRole("treeitem");
const line = (path: string): HTMLElement =>
  document.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`) as HTMLElement;
const seen = (element: Element): string =>
  [...element.querySelectorAll(".name, .count, .state")]
    .map((part) => part.textContent?.trim())
    .join(" | ");
const heard = (element: Element): string =>
  [...element.querySelectorAll(".name, .unseen")].map((part) => part.textContent?.trim()).join("");
const at = (): string | undefined =>
  document.activeElement instanceof HTMLElement ? document.activeElement.dataset.path : undefined;

const PICTURES = "/home/anna/Pictures";

async function choose(folder: string, item: string): Promise<void> {
  const label = `What can be done with ${folder}`;
  await userEvent.click(screen.getByRole("button", { name: label }));
  await userEvent.click(screen.getByRole("menuitem", { name: item }));
  await settle();
}

beforeEach(() => localStorage.clear());

describe("the folders in the sidebar", () => {
  it("say in words which of them are not as they should be", async () => {
    await open();
    expect(lines().map(seen)).toEqual([
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
    const family = line("/mnt/nas/Family");
    expect(family.title).toBe(`/mnt/nas/Family\nChanges are noticed with some delay. ${reason}`);
    expect(heard(family)).toContain(reason);
    expect(line(PICTURES).title).toBe(PICTURES);
    expect(heard(line(PICTURES))).toContain("400 photos");
  });

  it("unfold to what is below them, and stay so", async () => {
    const { folders, onsearch } = await open();
    await userEvent.click(screen.getAllByTestId("fold-folder")[0] as HTMLElement);
    expect(lines().slice(0, 5).map(seen)).toEqual([
      "Pictures | 400",
      "2024 | 133",
      "2023 | 133",
      "2022 | 133",
      "Photos 2009–2016 | 1,204 | Not there",
    ]);
    expect(line(`${PICTURES}/2024`).getAttribute("aria-level")).toBe("2");
    expect(line(PICTURES).getAttribute("aria-expanded")).toBe("true");
    expect(folders.tree[0]?.open).toBe(true);
    expect(localStorage.getItem("afterimage.folders.open")).toBe(PICTURES);
    expect(onsearch).not.toHaveBeenCalled();
  });

  it("ask for their photos by a click, and one that is on view is marked", async () => {
    const { onsearch, shown } = await open();
    await userEvent.click(line("/mnt/nas/Family"));
    expect(onsearch).toHaveBeenCalledExactlyOnceWith("/mnt/nas/Family");
    await shown.rerender({ at: "/mnt/nas/Family" });
    expect(line("/mnt/nas/Family").getAttribute("aria-current")).toBe("page");
    expect(line(PICTURES).getAttribute("aria-current")).toBeNull();
  });

  it("are one stop of the Tab key, and walked and unfolded by arrows", async () => {
    const { onsearch } = await open();
    expect(lines().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    line(PICTURES).focus();
    const walked: (string | undefined)[] = [];
    for (const key of ["Right", "Right", "Right", "Right", "Left", "Left", "Left", "End", "Home"]) {
      await userEvent.keyboard(key.length > 4 || key === "Left" ? `{Arrow${key}}` : `{${key}}`);
      await settle();
      walked.push(at()?.replace(PICTURES, "~"));
    }
    expect(walked).toEqual([
      "~",
      "~/2024",
      "~/2024",
      "~/2024/Lisbon",
      "~/2024",
      "~/2024",
      "~",
      "/srv/scans",
      "~",
    ]);
    await userEvent.keyboard("{ArrowDown}{Enter}");
    await settle();
    expect(onsearch).toHaveBeenCalledExactlyOnceWith(`${PICTURES}/2024`);
  });

  it("have their menu by the keyboard, whose keys are its own", async () => {
    const { onsearch } = await open();
    line(PICTURES).focus();
    await userEvent.keyboard("{Shift>}{F10}{/Shift}");
    await settle();
    const items = screen.getAllByRole("menuitem").map((item) => item.textContent?.trim());
    expect(items).toEqual([
      "Show in the file browser",
      "Look for changes",
      "What to leave out …",
      "Remove from the library …",
    ]);
    await userEvent.keyboard("{End}{Enter}");
    await settle();
    expect(screen.getByRole("dialog").textContent).toContain("Remove Pictures from the library?");
    expect(onsearch).not.toHaveBeenCalled();
  });

  it("are shown in the file browser, but for those that are not there", async () => {
    const { backend, notices } = await open();
    const shown = vi.spyOn(backend, "revealFolder");
    await choose("Family", "Show in the file browser");
    await settle();
    expect(shown).toHaveBeenCalledExactlyOnceWith(4, "/mnt/nas/Family");
    shown.mockRejectedValueOnce({ code: "failed", message: "no file browser" });
    await choose("Family", "Show in the file browser");
    await settle();
    expect(notices.all.at(-1)?.text).toBe("Family could not be shown. No file browser.");
    await userEvent.click(line("/media/anna/Travel drive/Photos 2009–2016"), { skipHover: true });
    line("/media/anna/Travel drive/Photos 2009–2016").focus();
    await userEvent.keyboard("{ContextMenu}");
    await settle();
    const [first] = screen.getAllByRole<HTMLButtonElement>("menuitem");
    expect(first?.disabled).toBe(true);
  });

  it("are followed anew on request", async () => {
    const { backend, notices } = await open();
    vi.spyOn(backend, "rescan").mockRejectedValue({ code: "failed", message: "stopped" });
    await userEvent.click(screen.getByRole("button", { name: "Look for changes" }));
    await settle();
    expect(notices.all[0]?.text).toBe("Your folders could not be looked through. Stopped.");
  });

  it("have what is left out of them changed, which can be taken back", async () => {
    const { backend, history } = await open();
    const set = vi.spyOn(backend, "setExclusions");
    await choose("Family", "What to leave out …");
    await userEvent.type(screen.getByLabelText("Names and paths, one a line"), "2019/raw");
    await userEvent.click(screen.getByRole("button", { name: "Apply" }));
    await settle();
    const before = { patterns: [], hidden: true, noMedia: true, minBytes: 0 };
    expect(set).toHaveBeenCalledWith(4, { ...before, patterns: ["2019/raw"] });
    expect(screen.queryByRole("dialog")).toBeNull();
    await history.undo();
    expect(set).toHaveBeenLastCalledWith(4, before);
  });

  it("below those of the library are left out at once, which can be taken back", async () => {
    const { backend, folders, notices } = await open();
    const set = vi.spyOn(backend, "setExclusions");
    folders.unfold(PICTURES, true);
    await settle();
    await choose("2023", "Leave this folder out");
    expect(set).toHaveBeenCalledWith(1, expect.objectContaining({ patterns: ["2023/"] }));
    const notice = notices.all[0];
    expect(notice?.text).toBe("2023 is left out.");
    if (notice) notices.act(notice);
    await settle();
    expect(set).toHaveBeenLastCalledWith(1, expect.objectContaining({ patterns: [] }));
  });

  it("say why what is below them cannot be read, and are there all the same", async () => {
    const { backend, folders } = await open();
    vi.spyOn(backend, "folders").mockRejectedValue({ code: "failed", message: "no disk" });
    folders.all = null;
    await folders.load();
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("could not be read");
    expect(lines()).toHaveLength(5);
  });

  it("cannot be changed while the library is open for reading only", async () => {
    await open({ readOnly: "library.sqlite is damaged" });
    line(PICTURES).focus();
    await userEvent.keyboard("{Delete}");
    expect(screen.queryByRole("dialog")).toBeNull();
    await userEvent.keyboard("{ContextMenu}");
    await settle();
    const items = screen.getAllByRole<HTMLButtonElement>("menuitem");
    // It can be looked at still.
    expect(items.map(({ disabled }) => disabled)).toEqual([false, true, true, true]);
  });
});

describe("removing a folder", () => {
  it("says what goes with it, and brings the folder back with what was left out", async () => {
    const { backend, library, history } = await open();
    const exclusions = { patterns: ["raw"], hidden: false, noMedia: true, minBytes: 0 };
    await backend.setExclusions(4, exclusions);
    await library.read();
    const remove = vi.spyOn(backend, "removeRoot");
    await settle();
    line("/mnt/nas/Family").focus();
    await userEvent.keyboard("{Delete}");
    const text = screen.getByRole("dialog").textContent ?? "";
    expect(text).toContain("Its 5,321 photos leave the library. The files stay where they are.");
    expect(text).toContain("Favourites, stars and tags that you gave them are kept for 30 days");
    await userEvent.click(screen.getByRole("button", { name: "Remove the folder" }));
    await settle();
    expect(remove).toHaveBeenCalledExactlyOnceWith(4);
    expect(line("/mnt/nas/Family")).toBeNull();
    expect(history.next).toBe("Family is no longer in the library.");
    await history.undo();
    await settle();
    expect(line("/mnt/nas/Family")).toBeTruthy();
    expect(library.overview?.roots.find(({ id }) => id === 4)?.exclusions).toEqual(exclusions);
  });

  it("that lies in another one says that nothing goes", async () => {
    const { backend, library } = await open({ state: "idle" });
    await backend.addRoot(`${PICTURES}/2024`);
    await library.read();
    await settle();
    line(`${PICTURES}/2024`).focus();
    await userEvent.keyboard("{Delete}");
    const text = screen.getByRole("dialog").textContent ?? "";
    expect(text).toContain("It lies in Pictures, which stays in the library");
    expect(text).not.toContain("Favourites");
  });

  it("is left by the button that has the focus", async () => {
    const { backend } = await open();
    const remove = vi.spyOn(backend, "removeRoot");
    line(PICTURES).focus();
    await userEvent.keyboard("{Delete}{Enter}");
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(remove).not.toHaveBeenCalled();
  });
});
