import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { Notices } from "../../lib/notices/notices.svelte";
import { Work } from "../../lib/settings/work.svelte";
import IndexingSection from "./IndexingSection.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

async function open(options: Partial<FakeOptions> = {}, fixed = false) {
  const backend = new FakeBackend({ count: 9, ...options });
  const notices = new Notices();
  render(IndexingSection, { props: { work: new Work(backend, notices), fixed } });
  await settle();
  return { backend, notices };
}

const chosen = (): string[] =>
  screen
    .getAllByRole<HTMLInputElement>("radio")
    .filter((radio) => radio.checked)
    .map((radio) => radio.closest("label")?.textContent?.trim().split("  ")[0]?.trim() ?? "");
const mains = (): HTMLInputElement =>
  screen.getByRole("checkbox", { name: /^Only on mains power/ });
const pace = (name: RegExp): HTMLElement => screen.getByRole("radio", { name });

describe("the settings of indexing", () => {
  it("show what is chosen, each choice with what it costs", async () => {
    await open({ policy: { pace: "whenAway", mainsOnly: true } });
    expect(screen.getAllByRole("radio")).toHaveLength(4);
    expect(chosen()).toEqual([expect.stringMatching(/^Only while you are away/)]);
    expect(mains().checked).toBe(true);
    expect(pace(/^Full speed/).closest("label")?.textContent).toContain(
      "Other programs may become slower.",
    );
  });

  it("keep what is chosen, and leave the rest as it was", async () => {
    const { backend } = await open({ policy: { pace: "automatic", mainsOnly: true } });
    const keep = vi.spyOn(backend, "setPolicy");
    await userEvent.click(pace(/^In the background/));
    await settle();
    expect(keep).toHaveBeenLastCalledWith({ pace: "polite", mainsOnly: true });
    await userEvent.click(mains());
    await settle();
    expect(keep).toHaveBeenLastCalledWith({ pace: "polite", mainsOnly: false });
    expect(chosen()).toEqual([expect.stringMatching(/^In the background/)]);
  });

  it("are chosen by clicking on the explanation, too", async () => {
    await open();
    await userEvent.click(screen.getByText(/^On all cores/));
    await settle();
    expect(chosen()).toEqual([expect.stringMatching(/^Full speed/)]);
  });

  it("go back, and say why, where a choice cannot be kept", async () => {
    const { backend, notices } = await open();
    vi.spyOn(backend, "setPolicy").mockRejectedValue({ code: "failed", message: "disk is full" });
    await userEvent.click(pace(/^Full speed/));
    await settle();
    expect(chosen()).toEqual([expect.stringMatching(/^Automatic/)]);
    expect(notices.all.map(({ text }) => text)).toEqual([
      "Your choice could not be kept. Disk is full.",
    ]);
  });

  it("say why they cannot be read, and can be tried again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "policy")
      .mockRejectedValue({ code: "failed", message: "permission denied" });
    await open();
    expect(screen.getByRole("alert").textContent?.replace(/\s+/g, " ")).toContain(
      "Your choice could not be read. Permission denied.",
    );
    expect(screen.queryByRole("radio")).toBeNull();
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(chosen()).toHaveLength(1);
  });

  it("cannot be changed while the library is open for reading only", async () => {
    await open({ policy: { pace: "full", mainsOnly: false } }, true);
    expect(chosen()).toEqual([expect.stringMatching(/^Full speed/)]);
    expect(screen.getAllByRole("radio").every((radio) => radio.matches(":disabled"))).toBe(true);
    expect(mains().disabled).toBe(true);
    expect(screen.getByText(/open for reading only/)).toBeTruthy();
  });

  it("say what this computer does not tell, as long as the choice depends on it", async () => {
    await open({ conditions: { inUse: null, onMains: true } });
    expect(screen.getByText(/does not tell whether you are away/)).toBeTruthy();
    await userEvent.click(pace(/^Full speed/));
    await settle();
    expect(screen.queryByTestId("untold")).toBeNull();
  });
});
