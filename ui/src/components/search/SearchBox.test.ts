import { render, screen, within } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { speech } from "../../lib/i18n/i18n.svelte";
import { PROPOSE_MS } from "../../lib/search/completer.svelte";
import { Notices } from "../../lib/notices/notices.svelte";
import { SavedSearches } from "../../lib/saved/saved.svelte";
import { Search } from "../../lib/search/search.svelte";
import SearchBox from "./SearchBox.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await tick();
}

interface Opened {
  backend: FakeBackend;
  search: Search;
  saved: SavedSearches;
  user: UserEvent;
  onleave: ReturnType<typeof vi.fn>;
}

async function open(text = "", inEnglish = false): Promise<Opened> {
  localStorage.clear();
  const backend = new FakeBackend({ count: 60 });
  const search = new Search(backend);
  const saved = new SavedSearches(backend, new Notices(), search);
  const onleave = vi.fn();
  render(SearchBox, { props: { search, saved, backend, example: "a dog", inEnglish, onleave } });
  const user = userEvent.setup();
  box().focus();
  if (text !== "") await user.type(box(), text);
  search.submit();
  await settle();
  return { backend, search, saved, user, onleave };
}

const box = (): HTMLInputElement => screen.getByTestId("search-box");
const drawn = (kind: string): string[] =>
  [...screen.getByTestId("query-text").querySelectorAll(`.${kind}`)].map(
    (part) => part.textContent ?? "",
  );
const note = (): string | null => screen.queryByTestId("problem-note")?.textContent?.trim() ?? null;
const heard = (): string => {
  const id = box().getAttribute("aria-describedby");
  return (id && document.getElementById(id)?.textContent?.trim()) || "";
};
const proposals = (): (string | undefined)[] =>
  screen.queryAllByTestId("proposal").map((option) => {
    const parts = [...option.querySelectorAll(".what, .quiet")];
    return parts.map((part) => part.textContent ?? "").join("");
  });
const active = (): string | null => {
  const id = box().getAttribute("aria-activedescendant");
  return id
    ? (document.getElementById(id)?.querySelector(".what, .quiet")?.textContent ?? "")
    : null;
};

afterEach(() => {
  speech.choice = "system";
});

async function proposed(): Promise<void> {
  await new Promise((done) => setTimeout(done, PROPOSE_MS + 10));
  await settle();
}

describe("the text of a query", () => {
  it("is drawn in its pieces, and is all there", async () => {
    await open("a dog -people camera:canon -is:offline OR 2:snow sort:date");
    expect(screen.getByTestId("query-text").textContent).toBe(box().value);
    expect(drawn("words")).toEqual(["a dog", "snow"]);
    expect(drawn("excluded")).toEqual(["-people"]);
    expect(drawn("filter")).toEqual(["camera:canon"]);
    expect(drawn("excludedFilter")).toEqual(["-is:offline"]);
    expect(drawn("operator")).toEqual(["OR"]);
    expect(drawn("weight")).toEqual(["2:"]);
    expect(drawn("sort")).toEqual(["sort:date"]);
  });

  it("keeps its colours key by key, before they are read anew", async () => {
    const { backend, user } = await open("dog camera:canon");
    vi.spyOn(backend, "readQuery").mockReturnValue(new Promise(() => undefined));
    await user.type(box(), "x", { initialSelectionStart: 0, initialSelectionEnd: 0 });
    expect(box().value).toBe("xdog camera:canon");
    expect(drawn("filter")).toEqual(["camera:canon"]);
  });
});

describe("a problem in a query", () => {
  const FOO = "There is no filter foo, it is taken as words.";
  const FOE = "There is no filter foe, it is taken as words.";

  it("is underlined, and told to who sees it and who does not", async () => {
    await open("dog foo:bar ");
    expect(drawn("problem")).toEqual(["foo:bar"]);
    expect(box().getAttribute("aria-invalid")).toBe("true");
    expect(heard()).toBe(FOO);
    expect(note()).toBe(FOO);
  });

  it("is the one at the caret where there are several, or else the first", async () => {
    const { user } = await open("foo:bar dog foe:bar ");
    expect(note()).toBe(FOO);
    await user.keyboard("{ArrowLeft}{ArrowLeft}");
    await settle();
    expect(note()).toBe(FOE);
  });

  it("is told under the pointer, too", async () => {
    await open("foo:bar dog foe:bar ");
    const part = document.querySelectorAll("[data-problem]")[1] as HTMLElement;
    vi.spyOn(part, "getBoundingClientRect").mockReturnValue(new DOMRect(40, 0, 60, 20));
    const point = async (x: number): Promise<void> => {
      box().dispatchEvent(new MouseEvent("pointermove", { clientX: x, bubbles: true }));
      await settle();
    };
    await point(50);
    expect(note()).toBe(FOE);
    await point(10);
    expect(note()).toBe(FOO);
  });

  it("is gone when it is mended", async () => {
    const { user } = await open("foo:bar");
    await user.keyboard("{Control>}a{/Control}");
    await user.type(box(), "is:offline", { initialSelectionStart: 0, initialSelectionEnd: 7 });
    await settle();
    expect(drawn("problem")).toEqual([]);
    expect(box().getAttribute("aria-invalid")).toBe("false");
    expect(heard()).toBe("");
  });
});

describe("completing", () => {
  it("proposes filters with their meaning, then values with their count, by the keys", async () => {
    const { search, user } = await open("a dog orie");
    await proposed();
    expect(box().getAttribute("aria-expanded")).toBe("true");
    expect(proposals()).toEqual(["orientation:"]);
    expect(active()).toBeNull();
    await user.keyboard("{Tab}");
    await proposed();
    expect(search.text).toBe("a dog orientation:");
    expect(proposals()).toEqual(["landscape", "portrait", "square"]);
    expect(screen.getAllByTestId("proposal")[1]?.textContent).toContain("2,300");
    await user.keyboard("{ArrowDown}{ArrowDown}");
    expect(active()).toBe("portrait");
    await user.keyboard("{Enter}");
    await proposed();
    expect(search.text).toBe("a dog orientation:portrait ");
    expect(box().selectionStart).toBe(search.text.length);
    expect(proposals()).toEqual([]);
  });

  it("takes the one that is clicked, and keeps the focus", async () => {
    const { search, user } = await open("is:o");
    await proposed();
    await user.click(screen.getByTestId("proposal"));
    await settle();
    expect(search.text).toBe("is:offline ");
    expect(document.activeElement).toBe(box());
  });

  it("goes by Escape, which only then clears, and leaves the box that is empty", async () => {
    const { search, user, onleave } = await open("is:");
    await proposed();
    await user.keyboard("{Escape}");
    expect(proposals()).toEqual([]);
    expect(search.text).toBe("is:");
    await user.keyboard("{Escape}");
    expect(search.text).toBe("");
    expect(onleave).not.toHaveBeenCalled();
    await user.keyboard("{Escape}");
    expect(onleave).toHaveBeenCalledOnce();
  });

  it("proposes searches that were saved, with what they find, and asks one anew", async () => {
    const { backend, search, saved, user } = await open("old");
    const dogs = { id: 3, name: "Old dogs", query: "a dog date:2009" };
    vi.spyOn(backend, "savedSearches").mockResolvedValue([
      { ...dogs, examples: [], like: [], unlike: [7] },
    ]);
    await saved.load();
    saved.counts.set(3, 1204);
    await user.type(box(), " d");
    await proposed();
    expect(proposals()).toEqual(["date:", "Old dogs"]);
    expect(screen.getAllByTestId("proposal")[1]?.textContent).toContain("1,204 photos");
    await user.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    await settle();
    expect(search.text).toBe("a dog date:2009");
    expect(search.unlike).toEqual([7]);
  });

  it("says in the window's language what filters and their values mean", async () => {
    speech.choice = "de";
    const { user } = await open("orient");
    await proposed();
    expect(screen.getByTestId("proposal").textContent).toContain("wie seine Seiten");
    await user.clear(box());
    await user.type(box(), "orientation:l");
    await proposed();
    expect(proposals()).toEqual(["landscape"]);
  });

  it("says beside the examples where questions are to be in English", async () => {
    speech.choice = "de";
    const { user } = await open("", true);
    expect(box().placeholder).toBe("Auf Englisch, zum Beispiel „a dog“");
    await user.keyboard("{ArrowDown}");
    await settle();
    expect(screen.getByTestId("in-english").textContent).toMatch(/^Das Modell versteht Englisch/);
    await user.type(box(), "orient");
    await proposed();
    expect(screen.queryByTestId("in-english")).toBeNull();
  });

  it("does not underline what is just being completed", async () => {
    const { user } = await open("is:");
    await proposed();
    expect(drawn("problem")).toEqual([]);
    await user.keyboard("{Escape}");
    await settle();
    expect(drawn("problem")).toEqual(["is:"]);
  });

  it("leaves Enter to the search, and the arrow to the photos where there is nothing", async () => {
    const { backend, user, onleave } = await open("is:");
    const remember = vi.spyOn(backend, "remember");
    await proposed();
    await user.keyboard("{Enter}");
    expect(proposals()).toEqual([]);
    expect(remember).toHaveBeenCalledWith("is:");
    await user.keyboard("{ArrowDown}");
    expect(onleave).toHaveBeenCalledOnce();
  });
});

describe("the empty box", () => {
  it("shows what was asked before only when that is wanted", async () => {
    const { backend, search, user } = await open();
    await proposed();
    expect(proposals()).toEqual([]);
    const [latest = ""] = await backend.history();
    await user.keyboard("{ArrowDown}");
    await settle();
    expect(proposals()).toContain(latest);
    expect(proposals()).toContain("a beach -people");
    await user.keyboard("{ArrowDown}{Enter}");
    await settle();
    expect(search.text).toBe(latest);
    expect(search.answered).toMatchObject({ query: latest });
  });

  it("shows it by one more press, too", async () => {
    const { user } = await open();
    await user.click(box());
    await settle();
    expect(proposals()).toContain("a beach -people");
  });

  it("forgets what was asked before", async () => {
    const { backend, user } = await open();
    await user.keyboard("{ArrowDown}");
    await settle();
    await user.click(screen.getByText("Forget these"));
    await settle();
    expect(await backend.history()).toEqual([]);
    expect(proposals()).not.toContain("Forget these");
  });

  it("says when what was asked before cannot be read", async () => {
    const { backend, user } = await open();
    vi.spyOn(backend, "history").mockRejectedValue({ code: "failed", message: "disk is gone" });
    await user.keyboard("{ArrowDown}");
    await settle();
    expect(screen.getByText(/could not be read\. Disk is gone\./)).toBeTruthy();
  });
});

describe("the pictures before the text", () => {
  const chips = (): HTMLElement[] => screen.queryAllByTestId("chip");

  it("are told apart, and go by their buttons and by Backspace", async () => {
    const { search, user } = await open("dog");
    const crop = { left: 0.5, top: 0, width: 0.25, height: 0.5 };
    search.addExample({ kind: "photo", photo: 4, crop }, "IMG_4.jpg");
    search.moreLike(5, "IMG_5.jpg");
    search.lessLike(6, "IMG_6.jpg");
    await settle();
    expect(chips().map((chip) => chip.title)).toEqual([
      "Similar to a part of IMG_4.jpg",
      "More like IMG_5.jpg",
      "Less like IMG_6.jpg",
    ]);
    await user.click(within(chips()[1] as HTMLElement).getByRole("button"));
    await settle();
    expect(search.like).toEqual([]);
    expect(document.activeElement).toBe(box());

    await user.clear(box());
    await user.keyboard("{Backspace}");
    await settle();
    expect(chips().map((chip) => chip.title)).toEqual(["Similar to a part of IMG_4.jpg"]);
    await user.keyboard("{Escape}");
    await settle();
    expect(chips()).toEqual([]);
  });

  it("give up their names where there are many, and keep them for who listens", async () => {
    const { search } = await open();
    const names = (): (string | undefined)[] =>
      chips().map((chip) => chip.querySelector(".cut")?.textContent ?? undefined);
    search.moreLike(1, "a.jpg");
    search.moreLike(2, "b.jpg");
    await settle();
    expect(names()).toEqual(["a.jpg", "b.jpg"]);
    search.lessLike(3, "c.jpg");
    await settle();
    expect(names()).toEqual([undefined, undefined, undefined]);
    expect(screen.getByRole("button", { name: "Remove “Less like c.jpg”" })).toBeTruthy();
  });

  it("show the part that is meant, and none where the picture is missing", async () => {
    const { search } = await open();
    const crop = { left: 0.5, top: 0, width: 0.25, height: 0.5 };
    search.addExample({ kind: "photo", photo: 4, crop }, "IMG_4.jpg");
    await settle();
    const image = chips()[0]?.querySelector("img") as HTMLImageElement;
    Object.defineProperty(image, "naturalWidth", { value: 400 });
    Object.defineProperty(image, "naturalHeight", { value: 200 });
    image.dispatchEvent(new Event("load"));
    await settle();
    // The part is a square of 100, so it fills the chip as it is.
    expect(image.style.cssText.replaceAll(" ", "")).toBe(
      "left:-200%;top:0%;width:400%;height:200%;",
    );
    image.dispatchEvent(new Event("error"));
    await settle();
    expect(chips()[0]?.querySelector("img")).toBeNull();
  });
});

describe("what was found", () => {
  it("stands at the end of the box with how long it took, and is told when the typing pauses", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { search } = await open("a dog");
    const { strong, likely } = search.listing ?? { strong: 0, likely: 0 };
    expect(screen.getByTestId("result-count").textContent).toMatch(
      new RegExp(`^${strong} strong · ${likely} likely · (?:< 1|[0-9]+) ms$`),
    );
    const told = screen.getByTestId("result-told");
    expect(told.getAttribute("role")).toBe("status");
    expect(told.textContent).toBe("");
    await vi.advanceTimersByTimeAsync(600);
    expect(told.textContent).toBe(`${strong} strong, ${likely} likely`);
  });
});
