import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { speech } from "../../lib/i18n/i18n.svelte";
import { Session } from "../../lib/session.svelte";
import type { Section } from "../../lib/settings/settings.svelte";
import App from "../../views/App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

/** A window with one part of the settings open. */
async function open(section: Section, options: Partial<FakeOptions> = {}) {
  const backend = new FakeBackend({ count: 20, ...options });
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  session.settings.show(section);
  await settle();
  return { backend, session };
}

const text = (element: Element | null | undefined): string =>
  element?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const all = (testid: string): HTMLElement[] => screen.queryAllByTestId(testid);
const settings = (): HTMLElement => screen.getByTestId("settings");
const heading = (name: string): HTMLElement => within(settings()).getByRole("heading", { name });
/** A button of the settings. */
const named = (name: RegExp | string): HTMLElement =>
  within(settings()).getByRole("button", { name });

async function press(element: HTMLElement): Promise<void> {
  await userEvent.click(element);
  await settle();
}

beforeEach(() => localStorage.clear());
afterEach(() => (speech.choice = "system"));

describe("the folders in the settings", () => {
  it("are listed with their state, counts, and what is left out of them", async () => {
    const { backend, session } = await open("folders", { state: "offline" });
    expect(all("settings-folder").map(text)[1]).toContain("1,204 photos This folder is not there");
    await backend.setExclusions(1, {
      patterns: ["*.png", "Cache"],
      hidden: true,
      noMedia: true,
      minBytes: 20_000,
    });
    await session.library.read();
    await settle();
    expect(text(all("settings-folder")[0])).toContain(
      "20 photos · 2 patterns left out · nothing smaller than 20 kB",
    );
  });

  it("come and go", async () => {
    const { backend } = await open("folders");
    const remove = vi.spyOn(backend, "removeRoot");
    await press(screen.getByTestId("settings-add-folder"));
    expect(all("settings-folder")).toHaveLength(2);
    await press(named("Remove Holidays from the library"));
    const question = screen.getByRole("dialog", { name: "Remove Holidays from the library?" });
    // It lies in the other one, so its photos stay.
    expect(text(question)).toContain("It lies in Pictures, which stays in the library");
    await press(within(question).getByRole("button", { name: "Remove the folder" }));
    expect(remove).toHaveBeenCalledWith(2);
    expect(all("settings-folder")).toHaveLength(1);
    expect(document.activeElement).toBe(heading("Folders"));
  });

  it("keep their exclusions in a dialog", async () => {
    const { backend } = await open("folders");
    const keep = vi.spyOn(backend, "setExclusions");
    await press(named("Leave out… Pictures"));
    await userEvent.type(screen.getByRole("textbox", { name: /Names and paths/ }), "Cache");
    await press(screen.getByRole("button", { name: "Apply" }));
    expect(keep).toHaveBeenCalledWith(1, expect.objectContaining({ patterns: ["Cache"] }));
  });

  it("stay as they are while the library is open for reading only", async () => {
    await open("folders", { readOnly: "it is damaged" });
    expect(screen.getByTestId("settings-add-folder")).toHaveProperty("disabled", true);
    expect(text(settings())).toContain("open for reading only");
  });
});

describe("the categories in the settings", () => {
  const names = (): (string | undefined)[] =>
    all("settings-category").map((row) => row.dataset.category);
  const row = (id: string): HTMLElement => {
    const found = all("settings-category").find((one) => one.dataset.category === id);
    if (!found) throw new Error(`there is no ${id}`);
    return found;
  };

  it("are found by what is typed, and edited", async () => {
    const { backend } = await open("categories");
    const save = vi.spyOn(backend, "saveCategory");
    await userEvent.type(screen.getByRole("textbox", { name: "Search for a category" }), "dog");
    await settle();
    expect(names()).toEqual(["dog"]);
    await press(within(row("dog")).getByRole("button", { name: /^Dog/ }));
    const name = screen.getByRole("textbox", { name: "Name" });
    await userEvent.clear(name);
    await userEvent.type(name, "Good dog");
    await press(screen.getByTestId("save-category"));
    expect(save).toHaveBeenCalledWith(expect.objectContaining({ id: "dog", name: "Good dog" }));
    expect(text(row("dog"))).toContain("changed by you");
    await press(named("Forget your changes to Good dog"));
    expect(text(row("dog"))).toContain("Dog");
    expect(text(row("dog"))).not.toContain("changed by you");
  });

  it("are hidden and shown again", async () => {
    await open("categories");
    await press(named("Hide Cat"));
    await press(screen.getByRole("radio", { name: "Hidden" }));
    expect(names()).toContain("cat");
    await press(named("Show Cat again"));
    expect(names()).not.toContain("cat");
    await userEvent.type(screen.getByRole("textbox", { name: "Search for a category" }), "zzz");
    await settle();
    expect(text(settings())).toContain("There is no such category.");
  });

  it("say why one could not be hidden, and why they could not be read", async () => {
    const { backend, session } = await open("categories");
    vi.spyOn(backend, "saveCategory").mockRejectedValue({
      code: "failed",
      message: "disk is full",
    });
    await press(named("Hide Cat"));
    expect(session.notices.all[0]?.text).toBe("Cat could not be changed. Disk is full.");
    vi.spyOn(backend, "tagTree").mockRejectedValueOnce({ code: "failed", message: "no room" });
    await session.tags.load();
    await settle();
    expect(text(settings())).toContain("The categories could not be read. No room.");
    await press(named("Try again"));
    expect(names().length).toBeGreaterThan(3);
  });
});

describe("the appearance", () => {
  it("is seen at once, and remembered", async () => {
    const { session } = await open("appearance");
    await press(screen.getByTestId("theme-light"));
    await press(screen.getByTestId("arrangement-squares"));
    await press(screen.getByRole("checkbox", { name: /^Scores/ }));
    const { layout } = session;
    expect([layout.theme, layout.arrangement, layout.scores]).toEqual(["light", "squares", true]);
    expect(document.documentElement.dataset.theme).toBe("light");
    expect(localStorage.getItem("afterimage.theme")).toBe("light");
    layout.rowHeight = 320;
    await settle();
    expect(screen.getByLabelText("Height of a row")).toHaveProperty("value", "320");
    await press(named("Reset"));
    expect(layout.rowHeight).toBe(200);
  });
});

describe("the language", () => {
  it("changes the window at once, with the settings still open", async () => {
    await open("language");
    const status = screen.getByTestId("status-bar");
    expect(text(status)).toContain("20 photos in the library");
    await press(screen.getByTestId("language-de"));
    expect(heading("Sprache")).toBeTruthy();
    expect(text(screen.getByTestId("settings-models"))).toBe("Modelle");
    expect(text(status)).toContain("20 Fotos in der Bibliothek");
    expect(document.documentElement.lang).toBe("de");
    await press(screen.getByTestId("language-system"));
    expect(heading("Language")).toBeTruthy();
    expect(text(settings())).toContain("That is English now.");
  });
});

describe("what is private", () => {
  it("is told with where it is kept and what it takes", async () => {
    await open("privacy");
    const library = text(screen.getByTestId("storage-library"));
    expect(library).toContain("/home/anna/.local/share/afterimage/library.sqlite");
    expect(library).toContain("8.4 MB");
    expect(text(screen.getByTestId("storage-derived"))).toContain("312 MB");
    expect(text(settings())).toContain("to download a model that you asked for");
  });

  it("is forgotten, and shown in its folder", async () => {
    const { backend, session } = await open("privacy");
    await backend.remember("a dog");
    await press(screen.getByTestId("forget-history"));
    expect(await backend.history()).toEqual([]);
    expect(session.notices.all[0]?.text).toBe("What you searched for is forgotten.");
    await press(screen.getByTestId("reveal-library"));
    expect(backend.files.log.at(-1)).toEqual({ what: "reveal library", photos: [] });
  });

  it("says why nothing is known of it, and can be asked again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "storage")
      .mockRejectedValue({ code: "failed", message: "permission denied" });
    await open("privacy");
    expect(text(screen.getByRole("alert"))).toContain(
      "What is kept could not be read. Permission denied.",
    );
    failing.mockRestore();
    await press(named("Try again"));
    expect(screen.getByTestId("storage-backups")).toBeTruthy();
  });
});

describe("about the application", () => {
  it("tells its version and its terms, and those of the models", async () => {
    await open("about", { models: "many" });
    expect(text(screen.getByTestId("about"))).toContain("Afterimage 0.1.0 Linux 6.12 x86_64");
    expect(text(screen.getByTestId("about"))).toContain("MIT licence");
    expect(text(screen.getByTestId("model-licenses"))).toContain("Starter Apache-2.0 licence");
    expect(text(screen.getByTestId("model-licenses"))).toContain("No licence named");
    expect(text(screen.getByTestId("credits"))).toContain("CC BY 4.0");
  });

  it("copies what a report of a fault needs", async () => {
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await open("about");
    await press(screen.getByTestId("copy-about"));
    expect(write).toHaveBeenCalledWith(
      "Afterimage 0.1.0\nLinux 6.12 x86_64\nDevice: CPU\nModel: starter",
    );
    expect(text(screen.getByTestId("about"))).toContain("Copied.");
  });
});
