import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { DATACOMP, OPENAI, SIGLIP } from "../lib/backend/fakeModels";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await tick();
}

/** A window with a library, its settings open at the models. */
async function open(options: Partial<FakeOptions> = {}): Promise<FakeBackend> {
  const backend = new FakeBackend({ count: 350, ...options });
  render(App, { props: { session: new Session(backend) } });
  await settle();
  await userEvent.keyboard("{Control>},{/Control}");
  await settle();
  await userEvent.click(screen.getByTestId("settings-models"));
  await settle();
  return backend;
}

const text = (element: Element | null | undefined): string =>
  element?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const row = (id: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-model="${id}"]`);
  if (!found) throw new Error(`there is no row for ${id}`);
  return found;
};
const button = (id: string, name: RegExp): HTMLElement =>
  within(row(id)).getByRole("button", { name });
const idsIn = (list: string): (string | undefined)[] =>
  [...screen.getByTestId(list).querySelectorAll<HTMLElement>("[data-model]")].map(
    (each) => each.dataset.model,
  );

async function press(id: string, name: RegExp): Promise<void> {
  await userEvent.click(button(id, name));
  await settle();
}

beforeEach(() => localStorage.clear());

describe("the settings", () => {
  it("open from the foot of the sidebar and by Ctrl+, and close by Escape", async () => {
    await open();
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByTestId("settings")).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId("search-box"));

    const gear = screen.getByTestId("settings-button");
    await userEvent.click(gear);
    await settle();
    expect(screen.getByTestId("settings")).toBeTruthy();
    await userEvent.click(screen.getByTestId("settings-back"));
    await settle();
    expect(screen.queryByTestId("settings")).toBeNull();
    expect(document.activeElement).toBe(gear);
  });

  it("open at the first section, but where another one is asked for", async () => {
    const session = new Session(new FakeBackend({ count: 3 }));
    render(App, { props: { session } });
    await settle();
    await userEvent.click(screen.getByTestId("settings-button"));
    await settle();
    const [first] = within(screen.getByRole("navigation", { name: "Settings" })).getAllByRole(
      "listitem",
    );
    expect(
      within(first as HTMLElement)
        .getByRole("button")
        .getAttribute("aria-current"),
    ).toBe("page");
    const heading = (): string | null =>
      within(screen.getByTestId("settings")).getByRole("heading", { level: 2 }).textContent;
    expect(heading()).toBe("Folders");
    session.settings.close();
    session.settings.show("indexing");
    await settle();
    expect(heading()).toBe("Indexing");
  });

  it("lead from one section to the other", async () => {
    await open();
    for (const [section, heading] of [
      ["folders", "Folders"],
      ["indexing", "Indexing"],
      ["sidecars", "Sidecars"],
      ["categories", "Categories"],
      ["appearance", "Appearance"],
      ["keys", "Keys"],
      ["language", "Language"],
      ["privacy", "Privacy"],
      ["about", "About"],
      ["models", "Models"],
    ] as const) {
      const button = screen.getByTestId(`settings-${section}`);
      await userEvent.click(button);
      await settle();
      const shown = within(screen.getByTestId("settings"));
      expect(shown.getByRole("heading", { level: 2, name: heading })).toBeTruthy();
      expect(button.getAttribute("aria-current")).toBe("page");
    }
  });

  it("do not open over a photo", async () => {
    const session = new Session(new FakeBackend({ count: 3 }));
    render(App, { props: { session } });
    await settle();
    session.viewer.open(1);
    await settle();
    await userEvent.keyboard("{Control>},{/Control}");
    await settle();
    expect(screen.getByTestId("viewer")).toBeTruthy();
    expect(screen.queryByTestId("settings")).toBeNull();
  });

  it("are reached before there is a folder", async () => {
    render(App, { props: { session: new Session(new FakeBackend({ count: 0 })) } });
    await settle();
    await userEvent.click(screen.getByTestId("all-models"));
    await settle();
    expect(idsIn("models-current")).toEqual(["starter"]);
  });
});

describe("the list of models", () => {
  it("has the one in use first, then others that are installed, then what can be", async () => {
    await open({ models: "many" });
    expect(idsIn("models-current")).toEqual([DATACOMP]);
    expect(idsIn("models-installed")).toEqual(["starter", OPENAI, "family-clip"]);
    expect(idsIn("models-available")[0]).toBe(SIGLIP);
  });

  it("says what each is good for, what it costs and under which terms", async () => {
    const backend = await open();
    const said = text(row(DATACOMP));
    for (const words of [
      "OpenCLIP ViT-B/32-256 DataComp Recommended",
      "The best balance of quality and speed, on any computer.",
      "Good results English 607 MB MIT licence",
    ]) {
      expect(said).toContain(words);
    }
    expect(text(row("starter"))).toContain("Knows a thousand kinds of things");
    expect(text(row("starter"))).not.toContain("Recommended");

    const license = vi.spyOn(backend, "openLicense");
    await userEvent.click(within(row(DATACOMP)).getByRole("link", { name: "MIT licence" }));
    expect(license).toHaveBeenCalledWith(DATACOMP);
  });

  it("keeps figures for those who ask", async () => {
    await open();
    const print = within(row(DATACOMP))
      .getByText(/ImageNet/)
      .closest("ul");
    expect(print?.hidden).toBe(true);
    const details = button(DATACOMP, /Details/);
    await userEvent.click(details);
    expect(print?.hidden).toBe(false);
    expect(details.getAttribute("aria-expanded")).toBe("true");
    expect(text(print)).toMatch(/39.9 %.*72.8 %.*512 numbers/);
  });

  it("folds away what is not recommended, but nothing that was begun", async () => {
    const backend = await open();
    expect(idsIn("models-available")).toHaveLength(3);
    backend.stock.list = backend.stock.list.map((model) =>
      model.id === OPENAI ? { ...model, state: "partial", fetched: 5 } : model,
    );
    backend.emit((events) => events.modelsChanged());
    await settle();
    expect(idsIn("models-available")).toContain(OPENAI);
    await userEvent.click(screen.getByRole("button", { name: "Show 1 more model" }));
    expect(idsIn("models-available")).toHaveLength(5);
    const settings = within(screen.getByTestId("settings"));
    expect(settings.queryByRole("button", { name: /^Show/ })).toBeNull();
  });

  it("says so when there is nothing to install, or nothing installed", async () => {
    await open({ models: "empty" });
    expect(screen.queryByTestId("models-available")).toBeNull();
    expect(text(screen.getByTestId("settings"))).toContain("There is no other model to install");
  });

  it("says what to do when nothing is installed", async () => {
    await open({ models: "none" });
    expect(screen.queryByTestId("models-current")).toBeNull();
    expect(text(screen.getByTestId("settings"))).toContain("No model is installed");
  });

  it("says why it cannot be read, and can be tried again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "models")
      .mockRejectedValue({ code: "failed", message: "permission denied" });
    await open();
    expect(text(screen.getByRole("alert"))).toContain(
      "The models could not be read. Permission denied.",
    );
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(idsIn("models-current")).toEqual(["starter"]);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says with what the computer works, and why with nothing faster", async () => {
    await open({ deviceReason: "no NVIDIA driver answers" });
    expect(text(screen.getByTestId("device"))).toBe(
      "Runs on this computer’s processor. No NVIDIA driver answers.",
    );
  });

  it("gives the reason where a model is broken, and offers to remove but not to use it", async () => {
    await open({ models: "broken" });
    expect(text(row("family-clip"))).toContain(
      "This model cannot be used. Cannot read the weights in /home/anna/.local/share/afterimage/models/clip. " +
        "Remove it, then add it again",
    );
    expect(within(row("family-clip")).queryByRole("button", { name: /Use/ })).toBeNull();
    expect(button("family-clip", /Remove/)).toBeTruthy();
    // The one in use, too.
    expect(text(row(DATACOMP))).toContain("has no text.safetensors.");
    expect(button(DATACOMP, /Remove/)).toBeTruthy();
  });
});

describe("installing", () => {
  const progress = (): string => text(screen.getByTestId("install-progress"));

  it("shows how far it is, then checks, then the model can be used", async () => {
    const backend = await open();
    button(DATACOMP, /Install/).focus();
    await userEvent.keyboard("{Enter}");
    await settle();
    // The button stays, so that the keyboard does not lose its place.
    expect(document.activeElement).toBe(button(DATACOMP, /Cancel/));
    expect(button(SIGLIP, /Install/).hasAttribute("disabled")).toBe(true);
    backend.stock.download(212_000_000, 8_400_000);
    await settle();
    expect(progress()).toBe("212 of 607 MB · 8.4 MB/s · 48 s left");
    const bar = within(row(DATACOMP)).getByRole("progressbar");
    expect(bar).toHaveProperty("value", 212_000_000);
    expect(bar).toHaveProperty("max", 607_000_000);
    expect(text(screen.getByTestId("installing"))).toContain("34 %");
    backend.stock.download(607_000_000, 8_400_000);
    await settle();
    expect(progress()).toBe("Checking the model…");
    backend.stock.finish();
    await settle();
    expect(idsIn("models-installed")).toEqual([DATACOMP]);
    expect(document.activeElement).toBe(row(DATACOMP));
    // The list says it already.
    expect(screen.queryByText(/is installed\.$/)).toBeNull();
    expect(button(DATACOMP, /Use this model/)).toBeTruthy();
  });

  it("goes on from where it was cancelled", async () => {
    const backend = await open();
    await press(DATACOMP, /Install/);
    backend.stock.download(212_000_000, 8_400_000);
    await press(DATACOMP, /Cancel/);
    expect(screen.queryByTestId("install-progress")).toBeNull();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(text(row(DATACOMP))).toContain("212 of 607 MB are here already.");
    await press(DATACOMP, /Go on/);
    expect(progress()).toBe("212 of 607 MB");
  });

  it("says that the hub does not answer, and how long it waits", async () => {
    const backend = await open();
    await press(DATACOMP, /Install/);
    backend.stock.download(212_000_000, 8_400_000);
    backend.stock.wait(41.2);
    await settle();
    expect(progress()).toBe("The model hub does not answer. Trying again in 42 s.");
    // What is there is still shown to be there.
    expect(within(row(DATACOMP)).getByRole("progressbar")).toHaveProperty("value", 212_000_000);
  });

  it("lets a download that broke off be removed", async () => {
    const backend = await open();
    const remove = vi.spyOn(backend, "removeModel");
    await press(DATACOMP, /Install/);
    backend.stock.download(212_000_000, 8_400_000);
    await press(DATACOMP, /Cancel/);
    await press(DATACOMP, /Remove/);
    expect(text(screen.getByRole("dialog", { name: /^Remove OpenCLIP/ }))).toContain(
      "This frees 212 MB on your disk.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Remove the download" }));
    await settle();
    expect(remove).toHaveBeenCalledWith(DATACOMP, false);
    expect(text(row(DATACOMP))).not.toContain("are here already");
  });

  it("is not cancelled by the second half of a double click", async () => {
    const backend = await open();
    const cancel = vi.spyOn(backend, "cancelInstall");
    await userEvent.dblClick(button(DATACOMP, /Install/));
    await settle();
    expect(cancel).not.toHaveBeenCalled();
    expect(button(DATACOMP, /Cancel/)).toBeTruthy();
  });

  it("says why it failed until it is tried again", async () => {
    const backend = await open();
    await press(DATACOMP, /Install/);
    backend.stock.download(90_000_000, 8_400_000);
    backend.stock.fail("the connection broke off: check your network and go on");
    await settle();
    expect(text(within(row(DATACOMP)).getByRole("alert"))).toBe(
      "OpenCLIP ViT-B/32-256 DataComp could not be installed. " +
        "The connection broke off: check your network and go on.",
    );
    await press(DATACOMP, /Go on/);
    expect(within(row(DATACOMP)).queryByRole("alert")).toBeNull();
    backend.stock.finish();
    await settle();
    expect(idsIn("models-installed")).toEqual([DATACOMP]);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("using another model", () => {
  it("lets the old one answer until the new one is ready", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const backend = await open({ models: "many" });
    await press(OPENAI, /Use this model/);
    expect(idsIn("models-current")).toEqual([OPENAI]);
    expect(text(screen.getByTestId("preparing"))).toBe(
      "Preparing: 61 % of your photos. Until then OpenCLIP ViT-B/32-256 DataComp keeps answering.",
    );
    expect(text(row(DATACOMP))).toContain("Keeps answering until OpenAI CLIP ViT-B/32 is ready.");
    expect(within(row(DATACOMP)).queryByRole("button", { name: /Remove/ })).toBeNull();
    expect(text(screen.getByTestId("status-bar"))).toContain(
      "CPU · OpenCLIP ViT-B/32-256 DataComp · new model 61 %",
    );
    expect(document.activeElement).toBe(row(OPENAI));

    // What was read a moment ago is read again a second later.
    backend.stock.prepared(350);
    await vi.advanceTimersByTimeAsync(1000);
    await settle();
    expect(screen.queryByTestId("preparing")).toBeNull();
    expect(text(screen.getByTestId("settings"))).toContain(
      "OpenAI CLIP ViT-B/32 is ready and answers from now on.",
    );
    expect(text(screen.getByTestId("status-bar"))).toContain("CPU · OpenAI CLIP ViT-B/32");
  });

  it("can be given up while it is prepared, for the one that still answers", async () => {
    const backend = await open({ models: "many" });
    await press(OPENAI, /Use this model/);
    expect(text(screen.getByTestId("back-to-model"))).toBe(
      "Go back to OpenCLIP ViT-B/32-256 DataComp",
    );
    await userEvent.click(screen.getByTestId("back-to-model"));
    await settle();
    expect([backend.stock.current, backend.stock.serving]).toEqual([DATACOMP, DATACOMP]);
    expect(screen.queryByTestId("preparing")).toBeNull();
  });

  it("says beside the model why it cannot be used", async () => {
    const backend = await open({ models: "many" });
    vi.spyOn(backend, "useModel").mockRejectedValue({
      code: "failed",
      message: "its two halves do not belong together",
    });
    await press(OPENAI, /Use this model/);
    expect(text(within(row(OPENAI)).getByRole("alert"))).toContain(
      "cannot be used. Its two halves do not belong together.",
    );
    expect(idsIn("models-current")).toEqual([DATACOMP]);
  });
});

describe("removing a model", () => {
  it("says what it frees and leaves the index, unless that is to go too", async () => {
    const backend = await open({ models: "many", count: 100_000 });
    const remove = vi.spyOn(backend, "removeModel");
    const question = (): HTMLElement =>
      screen.getByRole("dialog", { name: "Remove OpenAI CLIP ViT-B/32?" });

    await press(OPENAI, /Remove/);
    expect(document.activeElement?.textContent).toContain("Keep the model");
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByRole("dialog", { name: /Remove/ })).toBeNull();
    expect(screen.getByTestId("settings")).toBeTruthy();
    expect(document.activeElement).toBe(button(OPENAI, /Remove/));

    await press(OPENAI, /Remove/);
    expect(text(question())).toContain("This frees 607 MB");
    expect(text(question())).toContain("Its index stays");
    await userEvent.click(
      within(question()).getByRole("checkbox", { name: "Remove its index of 61,000 photos too" }),
    );
    expect(text(question())).toContain("This frees 669 MB");
    await userEvent.click(screen.getByRole("button", { name: "Remove the model" }));
    await settle();
    expect(remove).toHaveBeenCalledWith(OPENAI, true);
    expect(idsIn("models-installed")).not.toContain(OPENAI);
    expect(text(screen.getByTestId("settings"))).toContain(
      "OpenAI CLIP ViT-B/32 was removed, which frees 669 MB.",
    );
    expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Models" }));
  });

  it("is not offered for the one in use, nor for what came with the application", async () => {
    await open({ models: "many" });
    for (const id of ["starter", DATACOMP]) {
      expect(within(row(id)).queryByRole("button", { name: /Remove/ })).toBeNull();
    }
    expect(button(OPENAI, /Remove/)).toBeTruthy();
  });
});

describe("a model in a folder", () => {
  it("is checked, then listed", async () => {
    const backend = await open();
    vi.spyOn(backend, "chooseFolder").mockResolvedValue("/home/anna/my-clip");
    let answer = (): void => undefined;
    vi.spyOn(backend, "addModel").mockImplementation(async (path) => {
      await new Promise<void>((done) => (answer = done));
      return backend.stock.add(path);
    });
    await userEvent.click(screen.getByTestId("add-model"));
    await settle();
    expect(screen.getByText("Checking the model in my-clip…")).toBeTruthy();
    expect(screen.getByTestId("add-model").hasAttribute("disabled")).toBe(true);
    answer();
    await settle();
    expect(idsIn("models-installed")).toEqual(["my-clip"]);
    expect(screen.queryByText(/Checking/)).toBeNull();
  });

  it("that is none is refused with the reason, also when it was dropped", async () => {
    const backend = await open();
    backend.emit((events) => events.dragging(true));
    await settle();
    expect(text(within(screen.getByTestId("settings")).getByTestId("drop-overlay"))).toContain(
      "Drop a model’s folder",
    );
    backend.emit((events) => {
      events.dropped(["/media/holidays"]);
      events.dragging(false);
    });
    await settle();
    expect(text(screen.getByTestId("model-refusal"))).toMatch(
      /^holidays was not added. \/media\/holidays holds no model/,
    );
    expect(screen.queryByTestId("drop-overlay")).toBeNull();
  });
});

describe("the offer in the sidebar", () => {
  it("leads to the models, and is not made again once it was dismissed", async () => {
    const session = new Session(new FakeBackend({ count: 20 }));
    const { unmount } = render(App, { props: { session } });
    await settle();
    const offer = screen.getByTestId("model-offer");
    expect(text(offer)).toContain("Find people, actions and words too");
    await userEvent.click(within(offer).getByRole("button", { name: "get a better model" }));
    await settle();
    expect(screen.getByTestId("settings")).toBeTruthy();
    await userEvent.keyboard("{Escape}");
    await settle();
    await userEvent.click(
      within(screen.getByTestId("model-offer")).getByRole("button", {
        name: "Do not offer this again",
      }),
    );
    expect(screen.queryByTestId("model-offer")).toBeNull();
    unmount();
    render(App, { props: { session: new Session(new FakeBackend({ count: 20 })) } });
    await settle();
    expect(screen.queryByTestId("model-offer")).toBeNull();
  });

  it("is not made to those who have another model", async () => {
    render(App, { props: { session: new Session(new FakeBackend({ count: 9, models: "many" })) } });
    await settle();
    expect(screen.getByTestId("status-bar")).toBeTruthy();
    expect(screen.queryByTestId("model-offer")).toBeNull();
  });
});
