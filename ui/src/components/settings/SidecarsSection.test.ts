import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Notices } from "../../lib/notices/notices.svelte";
import { Sidecars } from "../../lib/settings/sidecars.svelte";
import SidecarsSection from "./SidecarsSection.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

async function open(fixed = false) {
  const backend = new FakeBackend({ count: 40 });
  await backend.addTag([1, 2, 10], "Grandma");
  const notices = new Notices();
  render(SidecarsSection, { props: { sidecars: new Sidecars(backend, notices), fixed } });
  await settle();
  return { backend, notices };
}

const write = (): HTMLInputElement => screen.getByTestId("write-sidecars");
const now = (): HTMLButtonElement => screen.getByTestId("write-now");
const found = (): string =>
  screen.getByTestId("sidecar-report").textContent?.replace(/\s+/g, " ").trim() ?? "";

describe("the settings of sidecars", () => {
  it("are off at first, and say what is written where once they are on", async () => {
    const { backend } = await open();
    const keep = vi.spyOn(backend, "setSidecarSettings");
    expect([write().checked, now().disabled]).toEqual([false, true]);
    expect(screen.queryByRole("radio")).toBeNull();
    expect(screen.getByText(/^Nothing is written/)).toBeTruthy();
    await userEvent.click(write());
    await settle();
    expect(keep).toHaveBeenCalledWith({ write: true, naming: "stem" });
    expect(screen.getByText(/in the same folder as the photo/)).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: /^IMG_0001.jpg.xmp/ }));
    await settle();
    expect(keep).toHaveBeenLastCalledWith({ write: true, naming: "full" });
  });

  it("show what would be written, and write nothing for that", async () => {
    const { backend } = await open();
    const run = vi.spyOn(backend, "writeSidecars");
    await userEvent.click(screen.getByTestId("preview-sidecars"));
    await settle();
    expect(run.mock.calls).toEqual([[true]]);
    expect(found()).toBe("3 sidecars would be written.");
    expect(screen.getByTestId("sidecar-changes").textContent).toContain("IMG_0001.xmp");
    expect(screen.getByTestId("sidecar-changes").textContent).toContain("Adds Grandma.");
  });

  it("forget what was found once the names are others", async () => {
    await open();
    await userEvent.click(write());
    await userEvent.click(screen.getByTestId("preview-sidecars"));
    await settle();
    await userEvent.click(screen.getByRole("radio", { name: /^IMG_0001.jpg.xmp/ }));
    await settle();
    expect(found()).toBe("");
    await userEvent.click(screen.getByTestId("preview-sidecars"));
    await settle();
    expect(screen.getByTestId("sidecar-changes").textContent).toContain("IMG_0001.jpg.xmp");
  });

  it("write, and list what could not be written with its reason", async () => {
    const { notices } = await open();
    await userEvent.click(write());
    await userEvent.click(now());
    await settle();
    expect(found()).toBe("2 sidecars written. 1 sidecar could not be written.");
    const failures = screen.getByTestId("sidecar-failures");
    expect(failures.textContent).toContain("IMG_0010.xmp");
    expect(failures.textContent).toContain(
      "IMG_0010.xmp is read-only: make it writable, then write again.",
    );
    expect(notices.all).toEqual([]);
  });

  it("say why nothing was written at all", async () => {
    const { backend, notices } = await open();
    vi.spyOn(backend, "writeSidecars").mockRejectedValue({
      code: "failed",
      message: "disk is full",
    });
    await userEvent.click(write());
    await userEvent.click(now());
    await settle();
    expect(notices.all[0]?.text).toBe("The sidecars could not be written. Disk is full.");
  });

  it("go back where a choice cannot be kept", async () => {
    const { backend, notices } = await open();
    vi.spyOn(backend, "setSidecarSettings").mockRejectedValue({
      code: "failed",
      message: "disk is full",
    });
    await userEvent.click(write());
    await settle();
    expect(write().checked).toBe(false);
    expect(notices.all[0]?.text).toBe("Your choice could not be kept. Disk is full.");
  });

  it("say why they cannot be read, and can be tried again", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "sidecarSettings")
      .mockRejectedValue({ code: "failed", message: "permission denied" });
    await open();
    expect(screen.getByRole("alert").textContent).toContain("Permission denied.");
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(write()).toBeTruthy();
  });

  it("cannot be changed while the library is open for reading only", async () => {
    await open(true);
    expect([write().disabled, now().disabled]).toEqual([true, true]);
    expect(screen.getByText(/open for reading only/)).toBeTruthy();
  });
});
