import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { DATACOMP } from "../lib/backend/fakeModels";
import { speech } from "../lib/i18n/i18n.svelte";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

async function open(options: Partial<FakeOptions> = {}, proposed?: string | null) {
  const backend = new FakeBackend({ count: 0, ...options });
  if (proposed !== undefined) vi.spyOn(backend, "proposedFolder").mockResolvedValue(proposed);
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  return { backend, session };
}

const text = (element: Element | null | undefined): string =>
  element?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const offer = (): HTMLElement => screen.getByTestId("first-offer");

beforeEach(() => localStorage.clear());
afterEach(() => (speech.choice = "system"));

describe("the first run", () => {
  it("proposes the folder of pictures, and takes it with one press", async () => {
    const { backend } = await open();
    const add = vi.spyOn(backend, "addRoot");
    expect(text(screen.getByTestId("proposed-folder"))).toContain("/home/anna/Pictures");
    await userEvent.click(screen.getByTestId("use-proposed"));
    await settle();
    expect(add.mock.calls).toEqual([["/home/anna/Pictures"]]);
    expect(screen.getByTestId("status-bar")).toBeTruthy();
    expect(screen.queryByTestId("use-proposed")).toBeNull();
  });

  it("lets another folder be chosen or dropped", async () => {
    const { backend } = await open();
    const add = vi.spyOn(backend, "addRoot");
    await userEvent.click(screen.getByTestId("choose-folder"));
    await settle();
    expect(add.mock.calls).toEqual([["/home/anna/Pictures/Holidays"]]);
  });

  it("asks for a folder where the system proposes none", async () => {
    await open({}, null);
    expect(screen.queryByTestId("proposed-folder")).toBeNull();
    expect(text(screen.getByTestId("choose-folder"))).toBe("Choose a folder");
  });

  it("says what happens with the photos, and what its model cannot do", async () => {
    await open();
    const said = text(screen.getByTestId("empty-state"));
    for (const words of [
      "No photo and no search leaves it.",
      "Your files are only read",
      "Starter is the model that finds them",
      "It does not know people, actions or words inside a photo.",
    ]) {
      expect(said).toContain(words);
    }
  });

  it("offers a better model with size and licence, installs it and puts it into use", async () => {
    const { backend } = await open();
    expect(text(offer())).toContain("A better one: OpenCLIP ViT-B/32-256 DataComp");
    expect(text(offer())).toContain("607 MB · MIT licence · English");
    await userEvent.click(within(offer()).getByRole("button", { name: /^Install/ }));
    backend.stock.download(212_000_000, 8_400_000);
    await settle();
    expect(text(offer())).toContain("212 of 607 MB · 8.4 MB/s · 48 s left");
    backend.stock.finish();
    await settle();
    await userEvent.click(within(offer()).getByTestId("use-model"));
    await settle();
    expect(backend.stock.current).toBe(DATACOMP);
    expect(screen.queryByTestId("first-offer")).toBeNull();
    expect(
      screen.getByText("OpenCLIP ViT-B/32-256 DataComp is the model that finds them"),
    ).toBeTruthy();
  });

  it("says in its place that the download failed, and that one can begin without", async () => {
    const { backend, session } = await open();
    await userEvent.click(within(offer()).getByRole("button", { name: /^Install/ }));
    backend.stock.fail("huggingface.co cannot be reached: check your network and try again");
    await settle();
    expect(text(within(offer()).getByRole("alert"))).toBe(
      "OpenCLIP ViT-B/32-256 DataComp could not be installed. " +
        "huggingface.co cannot be reached: check your network and try again.",
    );
    expect(text(offer())).toContain("You can begin without it");
    expect(session.notices.all).toEqual([]);
    expect(within(offer()).getByRole("button", { name: /^Install/ })).toBeTruthy();
  });

  it("says that a better model waits for a network", async () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    await open();
    expect(within(offer()).getByTestId("no-network").textContent).toContain("There is no network");
  });

  it("says so where there is no model at all", async () => {
    await open({ models: "none" });
    expect(text(screen.getByTestId("empty-state"))).toContain("Without one nothing can be found.");
    expect(within(offer()).getByRole("button", { name: /^Install/ })).toBeTruthy();
  });

  it("speaks German", async () => {
    speech.choice = "de";
    await open();
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(
      "Fotos finden nach dem, was sie zeigen",
    );
    expect(text(screen.getByTestId("use-proposed"))).toBe("Diesen Ordner nehmen");
    expect(text(offer())).toContain("607 MB · Lizenz MIT · Englisch");
  });
});
