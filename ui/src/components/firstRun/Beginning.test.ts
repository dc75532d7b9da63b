import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";

import { FakeBackend, type FakeOptions } from "../../lib/backend/fake";
import { Session } from "../../lib/session.svelte";
import Beginning from "./Beginning.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await tick();
}

async function open(options: Partial<FakeOptions>) {
  const backend = new FakeBackend({ count: 1000, ...options });
  const session = new Session(backend);
  await session.start();
  const { unmount } = render(Beginning, { props: { session } });
  await settle();
  return { backend, session, unmount };
}

const said = (): string =>
  screen.getByTestId("beginning").textContent?.replace(/\s+/g, " ").trim() ?? "";

beforeEach(() => localStorage.clear());

describe("the bar of the first run", () => {
  it("tells how long it takes here, and that searching works already", async () => {
    const { backend } = await open({ state: "indexing" });
    expect(said()).toBe(
      "On this computer: 3 min left, at 21 photos/s. You can search already: 620 of 1,000 photos can be found.",
    );
    const bar = within(screen.getByTestId("beginning")).getByRole("progressbar");
    expect([bar.getAttribute("max"), bar]).toEqual([
      "1000",
      expect.objectContaining({ value: 620 }),
    ]);
    backend.emitProgress({
      step: "indexing",
      done: 40,
      total: 1000,
      failed: 0,
      rate: 21,
      secondsLeft: 45,
      effort: "full",
    });
    await settle();
    expect(said()).toContain("is measured on the first 100 photos. You can search already: 40 of");
  });

  it("goes when all are indexed, and does not come back", async () => {
    const { backend, session, unmount } = await open({ state: "indexing" });
    backend.emitProgress({
      step: "idle",
      done: 0,
      total: 0,
      failed: 0,
      rate: 0,
      secondsLeft: null,
      effort: "full",
    });
    await session.library.read();
    await settle();
    expect(screen.queryByTestId("beginning")).toBeNull();
    unmount();
    await open({ state: "indexing" });
    expect(screen.queryByTestId("beginning")).toBeNull();
  });

  it("can be dismissed, which is remembered", async () => {
    const { unmount } = await open({ state: "scanning", count: 0 });
    expect(said()).toBe(
      "Your folders are looked through. You can search as soon as the first photos are looked at.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    await settle();
    expect(screen.queryByTestId("beginning")).toBeNull();
    unmount();
    await open({ state: "scanning", count: 0 });
    expect(screen.queryByTestId("beginning")).toBeNull();
  });

  it("says for what it waits", async () => {
    await open({ state: "waitingForMains" });
    expect(said()).toContain("Waiting for mains power.");
  });

  it("is not there in a library that is indexed already", async () => {
    await open({});
    expect(screen.queryByTestId("beginning")).toBeNull();
  });
});
