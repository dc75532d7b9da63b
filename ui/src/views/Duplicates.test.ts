import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { says } from "../lib/backend/backend";
import type { DuplicateGroup, DuplicateKind } from "../lib/backend/dto";
import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import { copy, groupOf } from "../testing/duplicates";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

const EXACT = [groupOf(copy(1), copy(2), copy(3)), groupOf(copy(4), copy(5, { offline: true }))];
const BURST = [groupOf(copy(6), copy(7), copy(8))];

type Groups = Partial<Record<DuplicateKind, DuplicateGroup[]>>;

async function open(groups: Groups = { exact: EXACT, burst: BURST }, more?: Partial<FakeOptions>) {
  const backend = new FakeBackend({ count: 40, ...more });
  const read = vi
    .spyOn(backend, "duplicates")
    .mockImplementation(async (kind) => groups[kind] ?? []);
  const trash = vi
    .spyOn(backend, "trash")
    .mockImplementation(async (moved) => ({ moved, failed: [] }));
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  await userEvent.click(screen.getByTestId("duplicates-entry"));
  await settle();
  return { backend, session, read, trash };
}

const tab = (kind: DuplicateKind): HTMLElement => screen.getByTestId(`duplicates-${kind}`);
const all = (): HTMLElement[] => screen.getAllByTestId("duplicate-group");
const group = (at: number): HTMLElement => all()[at] as HTMLElement;
const photos = (at: number): HTMLElement[] => within(group(at)).getAllByTestId("duplicate");
const checked = (at: number): (string | null)[] =>
  photos(at).map((photo) => photo.getAttribute("aria-checked"));
const move = (at: number): HTMLButtonElement => within(group(at)).getByTestId("move-others");

describe("the duplicates", () => {
  it("are kept apart by kind, each with its number", async () => {
    await open();
    expect(screen.getByTestId("duplicates-entry").getAttribute("aria-current")).toBe("page");
    const tabs = screen.getAllByRole("tab");
    expect(tabs.map((each) => each.textContent?.replace(/\s+/g, " ").trim())).toEqual([
      "Same file 2",
      "Edited or resized 0",
      "Bursts 1",
    ]);
    expect(all()).toHaveLength(2);
    tab("exact").focus();
    await userEvent.keyboard("{ArrowLeft}");
    await settle();
    expect(tab("burst").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(tab("burst"));
    expect(all()).toHaveLength(1);
  });

  it("say of each photo where it is, how large, and when it was taken", async () => {
    await open();
    const [, second] = photos(0);
    for (const fact of [
      "IMG_2.jpg",
      "/home/anna/Pictures/2002",
      "4,000 × 3,000 · 2 MB",
      "November 14, 2023",
    ]) {
      expect(second?.textContent).toContain(fact);
      expect(second?.getAttribute("aria-label")).toContain(fact);
    }
  });

  it("suggest which one stays and why, and mark no other", async () => {
    await open();
    expect(group(0).textContent?.replace(/\s+/g, " ")).toContain(
      "Suggested: IMG_1.jpg · It is the largest.",
    );
    expect(checked(0)).toEqual(["true", "false", "false"]);
    expect(group(0).textContent?.match(/· stays/g)).toHaveLength(1);
  });

  it("have another one chosen by a click, and by the keys", async () => {
    const { trash } = await open();
    await userEvent.click(photos(0)[1] as HTMLElement);
    await settle();
    expect(checked(0)).toEqual(["false", "true", "false"]);
    photos(0)[1]?.focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(document.activeElement).toBe(photos(0)[2]);
    expect(checked(0)).toEqual(["false", "true", "false"]);
    await userEvent.keyboard(" ");
    await settle();
    expect(checked(0)).toEqual(["false", "false", "true"]);
    expect(photos(0)[0]?.getAttribute("role")).toBe("radio");
    expect(trash).not.toHaveBeenCalled();
  });

  it("of a burst have several chosen", async () => {
    await open();
    await userEvent.click(tab("burst"));
    await settle();
    await userEvent.click(photos(0)[1] as HTMLElement);
    await settle();
    expect(checked(0)).toEqual(["true", "true", "false"]);
    expect(photos(0)[0]?.getAttribute("role")).toBe("checkbox");
    expect(move(0).textContent).toContain("Move 1 file to the trash");
  });

  it("are one place for the Tab key each, and the arrows lead from group to group", async () => {
    await open();
    const stops = photos(0).map((photo) => photo.tabIndex);
    expect(stops).toEqual([0, -1, -1]);
    photos(0)[0]?.focus();
    await userEvent.keyboard("{ArrowDown}");
    await settle();
    expect(document.activeElement).toBe(photos(1)[0]);
    await userEvent.keyboard("{ArrowUp}");
    await settle();
    expect(document.activeElement).toBe(photos(0)[0]);
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement).toBe(screen.getByTestId("search-box"));
  });

  it("are looked at large, one after the other", async () => {
    await open();
    photos(0)[1]?.focus();
    await userEvent.keyboard("{Enter}");
    await settle();
    const viewer = within(screen.getByTestId("viewer"));
    expect(viewer.getByText("2 of 3")).toBeTruthy();
    await userEvent.keyboard("{ArrowRight}");
    await settle();
    expect(viewer.getByText("3 of 3")).toBeTruthy();
  });
});

describe("a photo of a group that is seen large", () => {
  it("is no answer to the question, and takes no feedback to it", async () => {
    const { session } = await open();
    session.search.type("a dog");
    session.search.submit();
    await settle();
    session.viewer.open(session.search.listing?.ids[0] ?? 0);
    await settle();
    const feedback = () =>
      within(screen.getByTestId("viewer")).queryAllByRole("button", { name: /like this/i });
    expect(feedback()).toHaveLength(2);
    session.viewer.close();
    session.view = "duplicates";
    await settle();
    photos(0)[0]?.focus();
    await userEvent.keyboard("{Enter}");
    await settle();
    expect(feedback()).toEqual([]);
  });
});

describe("moving the others to the trash", () => {
  it("asks first, with how many and how large, and says what stays", async () => {
    const { trash } = await open();
    await userEvent.click(move(0));
    const dialog = screen.getByRole("dialog", { name: "Move 2 files to the trash?" });
    for (const words of ["That is 5 MB.", "IMG_1.jpg in /home", "stays", "system’s trash"]) {
      expect(dialog.textContent).toContain(words);
    }
    expect(document.activeElement?.textContent).toContain("Keep all");
    await userEvent.click(within(dialog).getByRole("button", { name: "Keep all" }));
    expect(trash).not.toHaveBeenCalled();

    await userEvent.click(move(0));
    const again = within(screen.getByRole("dialog"));
    await userEvent.click(again.getByRole("button", { name: "Move 2 files to the trash" }));
    await settle();
    expect(trash).toHaveBeenCalledExactlyOnceWith([2, 3]);
    expect(screen.getByText("2 files moved to the trash.")).toBeTruthy();
    // The keys go on from the group that has taken its place.
    expect(document.activeElement).toBe(photos(0)[0]);
  });

  it("takes all groups on view at once, after the same question", async () => {
    const exact = [EXACT[0], groupOf(copy(6), copy(7))] as DuplicateGroup[];
    const { trash } = await open({ exact });
    await userEvent.click(screen.getByTestId("move-all"));
    const dialog = within(screen.getByRole("dialog", { name: "Move 3 files to the trash?" }));
    expect(dialog.getByText("That is 12 MB in 2 groups.")).toBeTruthy();
    await userEvent.click(dialog.getByRole("button", { name: /^Move/ }));
    await settle();
    expect(trash).toHaveBeenCalledExactlyOnceWith([2, 3, 7]);
  });

  it("leaves alone what cannot be reached, and says so", async () => {
    await open();
    expect(move(1).disabled).toBe(true);
    expect(move(1).textContent).toContain("Others cannot be reached");
    expect(photos(1)[1]?.getAttribute("aria-label")).toContain("cannot be reached");
    expect(photos(1)[1]?.title).toContain("cannot be reached");
  });

  it("lists the files that stayed, with the reason of each", async () => {
    const { trash } = await open();
    trash.mockResolvedValue({
      moved: [2],
      failed: [{ photo: 3, path: "/home/anna/IMG_3.jpg", reason: says("permission denied") }],
    });
    await userEvent.click(move(0));
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.click(dialog.getByRole("button", { name: /^Move/ }));
    await settle();
    const unmoved = within(screen.getByTestId("unmoved"));
    expect(unmoved.getByText("1 file could not be moved to the trash")).toBeTruthy();
    expect(unmoved.getByText("/home/anna/IMG_3.jpg")).toBeTruthy();
    expect(unmoved.getByText("Permission denied.")).toBeTruthy();
    await userEvent.click(unmoved.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByTestId("unmoved")).toBeNull();
  });

  it("says how far it is, and can be stopped", async () => {
    const { session, trash } = await open();
    trash.mockReturnValue(new Promise(() => undefined));
    await userEvent.click(move(0));
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.click(dialog.getByRole("button", { name: /^Move/ }));
    await settle();
    expect(screen.getByText("Moving 0 of 2 files")).toBeTruthy();
    expect(move(0).disabled).toBe(true);
    const stop = vi.spyOn(session.duplicates, "stop");
    await userEvent.click(screen.getByTestId("stop-moving"));
    expect(stop).toHaveBeenCalledOnce();
  });

  it("is not offered while the library cannot be changed", async () => {
    await open(undefined, { readOnly: "library.sqlite is damaged" });
    expect(move(0).disabled).toBe(true);
    expect((screen.getByTestId("move-all") as HTMLButtonElement).disabled).toBe(true);
  });
});

describe("what stands in place of groups", () => {
  it("says that there are none, and leads back to the photos", async () => {
    await open({});
    expect(screen.getByTestId("empty-state").textContent).toContain("No file is there twice");
    await userEvent.click(screen.getByRole("button", { name: "Show your photos" }));
    await settle();
    expect(screen.queryByTestId("duplicates")).toBeNull();
    expect(screen.getAllByTestId("tile").length).toBeGreaterThan(0);
  });

  it("says why photos could not be compared, and tries again", async () => {
    const backend = FakeBackend.prototype;
    const failing = vi
      .spyOn(backend, "duplicates")
      .mockRejectedValue({ code: "failed", message: "disk is gone" });
    render(App, { props: { session: new Session(new FakeBackend({ count: 40 })) } });
    await settle();
    await userEvent.click(screen.getByTestId("duplicates-entry"));
    await settle();
    expect(screen.getByTestId("failed-state").textContent).toContain("Disk is gone.");
    failing.mockResolvedValue(EXACT);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(all()).toHaveLength(2);
  });

  it("says that photos are compared once that takes a while", async () => {
    const { session, read } = await open({});
    read.mockReturnValue(new Promise(() => undefined));
    session.duplicates.groups = { exact: null, edited: null, burst: null };
    await settle();
    vi.useFakeTimers();
    session.duplicates.show("edited");
    await settle();
    expect(screen.queryByText("Comparing your photos")).toBeNull();
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    expect(screen.getByText("Comparing your photos")).toBeTruthy();
    await userEvent
      .setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) })
      .click(screen.getByRole("button", { name: "Show your photos" }));
    await settle();
    expect(session.view).toBe("photos");
  });

  it("gives way to photos as soon as something is asked", async () => {
    await open();
    await userEvent.type(screen.getByTestId("search-box"), "a");
    await settle();
    expect(screen.queryByTestId("duplicates")).toBeNull();
  });
});

describe("five thousand groups", () => {
  it("are all in the list, and only those near the window are made", async () => {
    const exact = Array.from({ length: 5000 }, (_, i) => groupOf(copy(2 * i + 1), copy(2 * i + 2)));
    await open({ exact });
    expect(tab("exact").textContent).toContain("5,000");
    expect(all().length).toBeLessThan(12);
    const list = screen.getByRole("list", { name: "Groups" });
    const scroller = screen.getByTestId("duplicate-groups");
    expect(parseFloat(list.style.height)).toBeGreaterThan(5000 * 228);
    scroller.scrollTop = parseFloat(list.style.height) - 700;
    scroller.dispatchEvent(new Event("scroll"));
    await settle();
    expect(all().at(-1)?.textContent).toContain("IMG_10000.jpg");
    expect(all().length).toBeLessThan(12);
  });
});
