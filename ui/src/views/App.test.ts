import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { flushSync, tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { says } from "../lib/backend/backend";
import type { Backend } from "../lib/backend/backend";
import { FakeBackend, type FakeOptions } from "../lib/backend/fake";
import type { Root } from "../lib/backend/dto";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

async function open(options: FakeOptions): Promise<{ backend: FakeBackend; session: Session }> {
  const backend = new FakeBackend(options);
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  return { backend, session };
}

const box = (): HTMLElement => screen.getByTestId("search-box");
const outcome = (): string =>
  (screen.getByTestId("result-count").textContent ?? "").replace(/\s+/g, " ").trim();

/** Chooses something in the menu of a folder in the sidebar. */
async function choose(folder: string, item: string): Promise<void> {
  const label = `What can be done with ${folder}`;
  await userEvent.click(screen.getByRole("button", { name: label }));
  await userEvent.click(screen.getByRole("menuitem", { name: item }));
  await settle();
}

describe("first run", () => {
  it("offers to choose a folder, and shows the library once there is one", async () => {
    const { backend } = await open({ count: 0 });
    const add = vi.spyOn(backend, "addRoot");
    expect(screen.getByTestId("empty-state").textContent).toMatch(/does not\s+know people/);
    await userEvent.click(screen.getByTestId("choose-folder"));
    await settle();
    expect(add).toHaveBeenCalledWith("/home/anna/Pictures/Holidays");
    expect(screen.queryByTestId("choose-folder")).toBeNull();
    expect(box()).toBeTruthy();
  });

  it("has the last folder come back by the key of undo", async () => {
    const { backend, session } = await open({ count: 40 });
    const { roots } = session.library.overview ?? { roots: [] };
    await session.library.removeFolder(roots[0] as Root);
    await settle();
    expect(screen.getByTestId("empty-state")).toBeTruthy();
    const restore = vi.spyOn(backend, "restoreRoot");
    await userEvent.keyboard("{Control>}z{/Control}");
    await settle();
    expect(restore).toHaveBeenCalledExactlyOnceWith(roots[0]?.id);
    expect(screen.queryByTestId("empty-state")).toBeNull();
  });

  it("does nothing when the dialog is dismissed", async () => {
    const { backend } = await open({ count: 0 });
    vi.spyOn(backend, "chooseFolder").mockResolvedValue(null);
    const add = vi.spyOn(backend, "addRoot");
    await userEvent.click(screen.getByTestId("choose-folder"));
    await settle();
    expect(add).not.toHaveBeenCalled();
    expect(screen.getByTestId("choose-folder").hasAttribute("disabled")).toBe(false);
  });

  it("takes a folder that is dropped, and says so while one is held over the window", async () => {
    const { backend } = await open({ count: 0 });
    const add = vi.spyOn(backend, "addRoot");
    backend.emit((events) => events.dragging(true));
    await settle();
    expect(screen.getByTestId("drop-overlay")).toBeTruthy();
    backend.emit((events) => {
      events.dropped(["/media/card"]);
      events.dragging(false);
    });
    await settle();
    expect(screen.queryByTestId("drop-overlay")).toBeNull();
    expect(add).toHaveBeenCalledWith("/media/card");
  });

  it("says why a folder could not be added", async () => {
    const { backend } = await open({ count: 0 });
    vi.spyOn(backend, "addRoot").mockRejectedValue({ code: "usage", message: "It is a file." });
    backend.emit((events) => events.dropped(["/media/card/photo.jpg"]));
    await settle();
    expect(screen.getByRole("alert").textContent).toContain(
      "photo.jpg could not be added. It is a file.",
    );
  });
});

describe("a library that cannot be opened", () => {
  it("fills the window with the reason, and can be tried again", async () => {
    const { backend } = await open({ count: 5, state: "broken" });
    expect(screen.getByRole("alert").textContent).toContain("newer version");
    expect(screen.queryByTestId("search-box")).toBeNull();
    vi.spyOn(backend, "overview").mockImplementation(() =>
      new FakeBackend({ count: 5 }).overview(),
    );
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(outcome()).toBe("5 photos");
  });
});

describe("the search box", () => {
  it("has the focus at the start, and gets it back by / and Ctrl+K", async () => {
    await open({ count: 20 });
    expect(document.activeElement).toBe(box());
    for (const keys of ["/", "{Control>}k{/Control}"]) {
      screen.getByRole("listbox").focus();
      await userEvent.keyboard(keys);
      expect(document.activeElement).toBe(box());
      expect((box() as HTMLInputElement).value).toBe("");
    }
  });

  it("has what words need loaded as soon as it has the focus", async () => {
    const warm = vi.spyOn(FakeBackend.prototype, "warmText");
    await open({ count: 20 });
    expect(warm).toHaveBeenCalledOnce();
  });

  it("shows how many matched and how long it took, and clears by Escape", async () => {
    await open({ count: 350 });
    expect(outcome()).toBe("350 photos");
    await userEvent.type(box(), "a boat{Enter}");
    await settle();
    expect(outcome()).toBe("12 strong · 30 likely · 8 ms");
    await userEvent.keyboard("{Escape}");
    await settle();
    expect((box() as HTMLInputElement).value).toBe("");
    expect(outcome()).toBe("350 photos");
  });

  it("holds a photo that others are compared with", async () => {
    const { session } = await open({ count: 20 });
    await userEvent.dblClick(screen.getAllByTestId("tile")[2] as HTMLElement);
    await settle();
    await userEvent.click(screen.getByTestId("find-similar"));
    await settle();
    expect(screen.queryByTestId("viewer")).toBeNull();
    const chip = screen.getByTestId("chip");
    expect(chip.textContent).toContain("Similar to IMG_0003.jpg");
    expect(session.search.answered).toMatchObject({
      kind: "search",
      examples: [{ example: { kind: "photo", photo: 3 } }],
    });
    await userEvent.click(within(chip).getByRole("button"));
    await settle();
    expect(screen.queryByTestId("chip")).toBeNull();
    expect(outcome()).toBe("20 photos");
  });
});

describe("what stands in place of photos", () => {
  it("says that nothing clearly matches, above what comes closest", async () => {
    await open({ count: 40 });
    await userEvent.type(box(), "unicorn{Enter}");
    await settle();
    expect(screen.getByTestId("none-firm").textContent).toContain("“unicorn”");
    expect(screen.queryByTestId("weaker-matches")).toBeNull();
    expect(screen.getAllByTestId("tile").length).toBeGreaterThan(10);
  });

  it("says that by date nothing is listed that does not clearly match, and offers it", async () => {
    await open({ count: 40 });
    await userEvent.type(box(), "unicorn sort:date{Enter}");
    await settle();
    expect(screen.getByTestId("empty-state").textContent).toContain("No photo clearly answers");
    await userEvent.click(screen.getByRole("button", { name: "Show what comes closest" }));
    await settle();
    expect((box() as HTMLInputElement).value).toBe("unicorn");
    expect(screen.getByTestId("none-firm")).toBeTruthy();
  });

  it("says what is wrong with a whole question above what it found, and the rest in the box", async () => {
    const { backend } = await open({ count: 40 });
    const answer = backend.search.bind(backend);
    vi.spyOn(backend, "search").mockImplementation(async (request) => {
      const listing = await answer(request);
      const whole = { from: null, to: null, message: says("only 12 photos are indexed yet") };
      return { ...listing, problems: [...listing.problems, whole] };
    });
    await userEvent.type(box(), "a dog foo:bar{Enter}");
    await settle();
    expect(screen.getByTestId("problem").textContent).toBe("Only 12 photos are indexed yet.");
    expect(screen.getByTestId("problem-note").textContent?.trim()).toBe(
      "There is no filter foo, it is taken as words.",
    );
    expect(outcome()).toContain("strong");
  });

  it("says what went wrong with a search, and never shows that as no photos", async () => {
    await open({ count: 40 });
    await userEvent.type(box(), "error{Enter}");
    await settle();
    expect(screen.getByTestId("failed-state").textContent).toContain("is cut off");
    expect(outcome()).toBe("");
    await userEvent.click(screen.getByRole("button", { name: "Show the library" }));
    await settle();
    expect(outcome()).toBe("40 photos");
  });

  it("says that the library could not be listed, though nothing was searched for", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "library")
      .mockRejectedValue({ code: "failed", message: "disk is gone" });
    await open({ count: 40 });
    expect(screen.getByTestId("failed-state").textContent).toMatch(
      /Your photos could not be listed.*Disk is gone\./s,
    );
    failing.mockRestore();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(outcome()).toBe("40 photos");
  });

  it("says that the folders hold no photos, or are still being looked through", async () => {
    const { backend } = await open({ count: 0, state: "empty" });
    expect(screen.getByTestId("empty-state").textContent).toContain("No photos in your folders");
    backend.emitProgress({
      step: "scanning",
      done: 0,
      total: 0,
      failed: 0,
      rate: 0,
      secondsLeft: null,
      effort: "full",
    });
    await settle();
    expect(screen.getByTestId("empty-state").textContent).toContain("Looking for photos");
  });

  it("waits a moment before it says that the library is being read", async () => {
    vi.useFakeTimers();
    const backend = new FakeBackend({ count: 5 });
    vi.spyOn(backend, "library").mockReturnValue(new Promise(() => undefined));
    render(App, { props: { session: new Session(backend) } });
    await settle();
    expect(screen.queryByText("Reading the library…")).toBeNull();
    await vi.advanceTimersByTimeAsync(150);
    flushSync();
    expect(screen.getByText("Reading the library…")).toBeTruthy();
  });
});

describe("an answer", () => {
  it("comes page by page, without end", async () => {
    const { backend, session } = await open({ count: 2500 });
    const asked = vi.spyOn(backend, "search");
    await userEvent.type(box(), "date:2026{Enter}");
    await settle();
    // What was asked while the words were typed is behind it.
    expect(asked).toHaveBeenLastCalledWith(
      expect.objectContaining({ query: "date:2026", offset: 0, limit: 500 }),
    );
    asked.mockClear();
    const total = session.search.listing?.total ?? 0;
    expect(session.search.listing?.count).toBe(500);
    expect(total).toBeGreaterThan(1500);
    expect(outcome()).toContain(`${total.toLocaleString("en")} photos`);
    const grid = screen.getByTestId("grid");
    grid.scrollTop = parseFloat(screen.getByRole("listbox").style.height) - 800;
    grid.dispatchEvent(new Event("scroll"));
    await settle();
    expect(session.search.listing?.count).toBe(1500);
    expect(asked).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ query: "date:2026", offset: 500, limit: 1000 }),
    );
  });

  it("says when its rest cannot be had, and tries again", async () => {
    const { backend, session } = await open({ count: 2500 });
    await userEvent.type(box(), "date:2026{Enter}");
    await settle();
    const failing = vi
      .spyOn(backend, "search")
      .mockRejectedValue({ code: "failed", message: "disk is gone" });
    session.search.more();
    await settle();
    const line = screen.getByTestId("more-failed");
    expect(line.textContent).toContain("Disk is gone.");
    failing.mockRestore();
    await userEvent.click(within(line).getByRole("button", { name: "Try again" }));
    await settle();
    expect(screen.queryByTestId("more-failed")).toBeNull();
    expect(session.search.listing?.count).toBe(1500);
  });

  it("has dates over its photos in the order of dates, and none by relevance", async () => {
    await open({ count: 60 });
    await userEvent.type(box(), "a boat sort:oldest{Enter}");
    await settle();
    expect(screen.getAllByTestId("date").length).toBeGreaterThan(0);
    await userEvent.clear(box());
    await userEvent.type(box(), "a boat{Enter}");
    await settle();
    expect(screen.queryByTestId("date")).toBeNull();
  });

  it("is refined by what is said of its photos, which stands in the box", async () => {
    const { session } = await open({ count: 60 });
    await userEvent.type(box(), "a boat{Enter}");
    await settle();
    screen.getByRole("listbox").focus();
    const [first] = session.search.listing?.ids ?? [];
    await userEvent.keyboard("{Home}+");
    await settle();
    expect(session.search.answered).toMatchObject({ query: "a boat", like: [{ photo: first }] });
    const chip = screen.getByTestId("chip");
    expect(chip.title).toMatch(/^More like IMG_\d+\.jpg$/);
    await userEvent.click(within(chip).getByRole("button"));
    await settle();
    expect(session.search.answered).toMatchObject({ query: "a boat", like: [] });
  });

  it("is kept among what was asked before when one of its photos is opened", async () => {
    const { backend } = await open({ count: 60 });
    await userEvent.type(box(), "a boat");
    await new Promise((done) => setTimeout(done, 150));
    await settle();
    expect(await backend.history()).not.toContain("a boat");
    await userEvent.dblClick(screen.getAllByTestId("tile")[0] as HTMLElement);
    await settle();
    expect((await backend.history())[0]).toBe("a boat");
  });
});

describe("the folders", () => {
  it("are removed only after a question", async () => {
    const { backend } = await open({ count: 20, state: "offline" });
    const remove = vi.spyOn(backend, "removeRoot");
    expect(screen.getAllByTestId("folder")).toHaveLength(5);
    await choose("Photos 2009–2016", "Remove from the library …");
    await userEvent.click(screen.getByRole("button", { name: "Keep the folder" }));
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(remove).not.toHaveBeenCalled();
    await choose("Photos 2009–2016", "Remove from the library …");
    expect(screen.getByRole("dialog").textContent).toContain("1,204 photos leave the library");
    await userEvent.click(screen.getByRole("button", { name: "Remove the folder" }));
    await settle();
    expect(remove).toHaveBeenCalledWith(2);
    expect(screen.getAllByTestId("folder")).toHaveLength(4);
  });
});

describe("the keys of the window", () => {
  it("leave a dialog alone that is open over it", async () => {
    await open({ count: 20 });
    await choose("Pictures", "What to leave out …");
    const names = screen.getByLabelText<HTMLTextAreaElement>("Names and paths, one a line");
    await userEvent.type(names, "Trips/raw");
    expect(names.value).toBe("Trips/raw");
    expect(document.activeElement).toBe(names);
  });
});

describe("the status bar", () => {
  const text = (): string => screen.getByTestId("status-bar").textContent ?? "";

  it("tells the step, the count, the rate and the time left, and pauses", async () => {
    const { backend } = await open({ count: 1000, state: "indexing" });
    const pause = vi.spyOn(backend, "pause");
    const resume = vi.spyOn(backend, "resume");
    for (const words of [
      "Indexing",
      "620 of 1,000",
      "21 photos/s",
      "3 min left",
      "CPU · Starter",
    ]) {
      await vi.waitFor(() => expect(text()).toContain(words));
    }
    await userEvent.click(screen.getByTestId("pause"));
    await settle();
    expect(pause).toHaveBeenCalledOnce();
    expect(text()).toContain("Paused");
    expect(text()).not.toContain("min left");
    await userEvent.click(screen.getByRole("button", { name: "Go on indexing" }));
    await settle();
    expect(resume).toHaveBeenCalledOnce();
  });

  it("is quiet when all is done", async () => {
    const { backend } = await open({ count: 10, state: "indexing" });
    backend.emitProgress({
      step: "idle",
      done: 10,
      total: 10,
      failed: 0,
      rate: 0,
      secondsLeft: null,
      effort: "full",
    });
    await settle();
    expect(screen.queryByTestId("progress")).toBeNull();
    expect(screen.queryByTestId("pause")).toBeNull();
  });

  it("opens the list of failures with their reasons, and tries again", async () => {
    const { backend } = await open({ count: 30, state: "failures" });
    const retry = vi.spyOn(backend, "retryFailures");
    const button = screen.getByTestId("failures-button");
    expect(button.textContent).toContain("14 photos could not be read");
    await userEvent.click(button);
    await settle();
    const rows = within(screen.getByTestId("failures-list")).getAllByRole("listitem");
    expect(rows).toHaveLength(14);
    const denied = within(
      screen.getByRole("list", { name: /^The file cannot be read: permission denied/ }),
    );
    const [first] = denied.getAllByRole("listitem");
    expect(first?.textContent).toContain("scan_3.jpg");
    expect(first?.textContent).toContain("/home/anna/Pictures/2019/scan_3.jpg");
    await userEvent.click(screen.getByTestId("retry"));
    await settle();
    expect(retry).toHaveBeenCalledOnce();
    expect(within(screen.getByTestId("failures-list")).getAllByRole("listitem")).toHaveLength(7);
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByTestId("failures-list")).toBeNull();
  });

  it("says when the failures themselves cannot be read", async () => {
    const { backend } = await open({ count: 30, state: "failures" });
    const failing = vi
      .spyOn(backend, "failures")
      .mockRejectedValue({ code: "failed", message: "disk is full" });
    await userEvent.click(screen.getByTestId("failures-button"));
    await settle();
    const panel = within(screen.getByRole("dialog"));
    expect(panel.getByRole("alert").textContent).toContain("Disk is full.");
    expect(panel.queryByText(/could be read\.$/)).toBeNull();
    failing.mockRestore();
    await userEvent.click(panel.getByRole("button", { name: "Try again" }));
    await settle();
    expect(panel.queryByRole("alert")).toBeNull();
    expect(panel.getAllByRole("listitem")).toHaveLength(14);
  });
});

describe("the viewer", () => {
  async function view(place: number, options: FakeOptions = { count: 20 }) {
    const opened = await open(options);
    await userEvent.dblClick(screen.getAllByTestId("tile")[place] as HTMLElement);
    await settle();
    return opened;
  }
  const name = (): string => screen.getByTestId("viewer-name").textContent ?? "";
  const full = (): HTMLImageElement => screen.getByTestId("viewer-photo") as HTMLImageElement;

  it("shows the photo and what is known of it", async () => {
    await view(2);
    expect(name()).toBe("IMG_0003.jpg");
    expect(screen.getByTestId("viewer-folder").textContent).toBe("/home/anna/Pictures/2024");
    const facts = screen.getByTestId("viewer-facts").textContent ?? "";
    for (const fact of ["2026", "1,200 × ", "3.5 MB", "Fujifilm X-T4"])
      expect(facts).toContain(fact);
  });

  it("moves by the arrow keys within the list, and closes by Escape", async () => {
    await view(0);
    await userEvent.keyboard("{ArrowLeft}");
    await settle();
    expect(name()).toBe("IMG_0001.jpg");
    await userEvent.keyboard("{ArrowRight}{ArrowRight}");
    await settle();
    expect(name()).toBe("IMG_0003.jpg");
    await userEvent.keyboard("{End}{ArrowRight}");
    await settle();
    expect(name()).toBe("IMG_0020.jpg");
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(screen.queryByTestId("viewer")).toBeNull();
    const list = screen.getByRole("listbox");
    expect(document.activeElement).toBe(list);
    expect(list.getAttribute("aria-activedescendant")).toBe("tile-20");
  });

  it("goes to the photo's own pixels by Space", async () => {
    await view(0);
    Object.defineProperty(full(), "naturalWidth", { value: 4000 });
    Object.defineProperty(full(), "naturalHeight", { value: 3000 });
    full().dispatchEvent(new Event("load"));
    await settle();
    const transform = (): string => full().parentElement?.style.transform ?? "";
    expect(transform()).toContain("scale(1)");
    await userEvent.keyboard(" ");
    // 4000 pixels on the 933 that fit into the window of 1000 by 700.
    const scale = Number(/scale\((.*)\)/.exec(transform())?.[1]);
    expect(scale).toBeCloseTo(4000 / 933.33, 3);
    await userEvent.keyboard(" ");
    expect(transform()).toContain("scale(1)");
  });

  it("says what happened when a photo does not load, and tries again", async () => {
    await view(0);
    const src = full().getAttribute("src");
    full().dispatchEvent(new Event("error"));
    await settle();
    expect(screen.getByTestId("viewer-failure").textContent).toContain("may have been moved");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(full().getAttribute("src")).toBe(`${src}?retry=1`);
    full().dispatchEvent(new Event("load"));
    await settle();
    expect(screen.queryByTestId("viewer-failure")).toBeNull();
  });

  it("says what happened when nothing is known of the photo", async () => {
    const failing = vi
      .spyOn(FakeBackend.prototype, "photo")
      .mockRejectedValue({ code: "notFound", message: "This photo is gone." });
    await view(0);
    expect(failing).toHaveBeenCalled();
    expect(screen.getByTestId("viewer-failure").textContent).toContain("This photo is gone.");
  });

  it("shows the file in its folder", async () => {
    const { backend } = await view(4);
    const reveal = vi.spyOn(backend as Backend, "reveal");
    await userEvent.click(screen.getByTestId("show-in-folder"));
    expect(reveal).toHaveBeenCalledWith(5);
  });

  it("refines a search by its photo, and says why that was found", async () => {
    const { session } = await open({ count: 60 });
    await userEvent.type(box(), "river{Enter}");
    await settle();
    const { search, viewer } = session;
    const why = [...(search.listing?.why ?? [])];
    const told = why.findIndex((bits) => bits > 1);
    viewer.open(search.listing?.ids[told] ?? 0);
    await settle();
    expect(screen.getByTestId("viewer-why").textContent).toMatch(/^Found by .*its keywords/);
    await userEvent.click(screen.getByTestId("less-like"));
    await settle();
    expect(search.unlike).toEqual([viewer.id]);
    expect(screen.getByTestId("less-like").getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(screen.getByTestId("less-like"));
    await settle();
    expect(search.unlike).toEqual([]);
  });

  it("offers no refining where nothing is ranked", async () => {
    await view(0);
    expect(screen.queryByTestId("more-like")).toBeNull();
    expect(screen.queryByTestId("viewer-why")).toBeNull();
  });

  it("has more photos come when it nears the end of those that have", async () => {
    const { session } = await open({ count: 2500 });
    await userEvent.type(box(), "date:2026{Enter}");
    await settle();
    const { search, viewer } = session;
    viewer.open(search.listing?.ids[490] ?? 0);
    await settle();
    expect(search.listing?.count).toBe(1500);
    expect(screen.getByTestId("viewer").textContent).toContain(
      `491 of ${search.listing?.total.toLocaleString("en")}`,
    );
  });

  it("drops what it learns of a photo that was left meanwhile", async () => {
    const { backend, session } = await view(0);
    const late = await backend.photo(2);
    let answer: (photo: typeof late) => void = () => undefined;
    vi.spyOn(backend, "photo").mockImplementationOnce(() => new Promise((done) => (answer = done)));
    session.viewer.step(1);
    session.viewer.step(1);
    await settle();
    answer(late);
    await settle();
    expect(name()).toBe("IMG_0003.jpg");
  });
});

describe("a library that is damaged or in other hands", () => {
  const reason = "library.sqlite is damaged. Run `afterimage library restore FILE`";

  it("says for as long as it is so that it is open for reading only", async () => {
    await open({ count: 4, readOnly: reason });
    const bar = screen.getByTestId("read-only");
    expect(bar.getAttribute("role")).toBe("alert");
    expect(bar.textContent).toContain("library.sqlite is damaged. Run afterimage library restore");
    expect(within(bar).queryByRole("button")).toBeNull();
    expect(outcome()).toMatch(/4/);
  });

  it("says so before there is a folder, too, and offers nothing that would fail", async () => {
    await open({ count: 0, readOnly: reason });
    expect(screen.getByTestId("read-only").textContent).toContain("is damaged");
    expect(screen.getByTestId("choose-folder").hasAttribute("disabled")).toBe(true);
  });

  it("says nothing of it otherwise", async () => {
    await open({ count: 4 });
    expect(screen.queryByTestId("read-only")).toBeNull();
  });

  it.each([
    ["waiting", "Another Afterimage is indexing this library"],
    ["diskFull", "The disk is full. Indexing goes on as soon as there is room"],
  ] as const)("says what it waits for: %s", async (step, words) => {
    const { backend } = await open({ count: 4 });
    const progress = {
      step,
      done: 0,
      total: 0,
      failed: 0,
      rate: 0,
      secondsLeft: null,
      effort: "full",
    } as const;
    backend.emit((events) => events.progress(progress));
    await settle();
    expect(screen.getByTestId("status-bar").textContent).toContain(words);
    expect(screen.queryByTestId("pause")).toBeNull();
  });
});
