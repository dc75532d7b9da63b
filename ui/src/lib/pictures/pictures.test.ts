import { describe, expect, it, vi } from "vitest";

import { FakeBackend } from "../backend/fake";
import { Notices } from "../notices/notices.svelte";
import { Search } from "../search/search.svelte";
import { isPicture, MOST_DROPPED, pastedPicture, Pictures, untoldPicture } from "./pictures";

const png = (): File =>
  new File([new Uint8Array([0x89, 0x50])], "image.png", { type: "image/png" });

/** What is in the clipboard, as a browser hands it over. */
function clipboard(text: string, ...files: File[]): DataTransfer {
  const items = files.map((file) => ({ kind: "file", type: file.type, getAsFile: () => file }));
  return {
    types: ["text/plain", ...files.map(() => "Files")],
    items: [{ kind: "string", type: "text/plain", getAsFile: () => null }, ...items],
    getData: (type: string) => (type === "text/plain" ? text : ""),
  } as unknown as DataTransfer;
}

function hands() {
  const backend = new FakeBackend({ count: 3 });
  const notices = new Notices();
  const search = new Search(backend);
  return { backend, notices, search, pictures: new Pictures(backend, notices, search) };
}

describe("a file that is dropped", () => {
  it.each(["/home/anna/a.jpg", "C:\\Photos\\B.HEIC", "/x/scan.tiff", "/x/raw.NEF", "a.b/c.webp"])(
    "%s is a picture",
    (path) => expect(isPicture(path)).toBe(true),
  );

  it.each([
    "/home/anna/Pictures",
    "/home/anna/notes.txt",
    "/media/card",
    "/x.jpg/raw",
    "",
    "/x/.jpg/",
  ])("%s is none", (path) => expect(isPicture(path)).toBe(false));

  it("becomes an example by its name, and several become several", () => {
    const { search, pictures } = hands();
    const add = vi.spyOn(search, "addExample");
    pictures.drop(["/home/anna/a.jpg", "/home/anna/b.png"]);
    expect(add.mock.calls).toEqual([
      [{ kind: "file", path: "/home/anna/a.jpg", crop: null }, "a.jpg"],
      [{ kind: "file", path: "/home/anna/b.png", crop: null }, "b.png"],
    ]);
  });

  it("is one of a few, and it is said where more were dropped", () => {
    const { search, pictures, notices } = hands();
    pictures.drop(Array.from({ length: MOST_DROPPED }, (_, i) => `/x/${i}.jpg`));
    expect(notices.all).toEqual([]);
    pictures.drop(Array.from({ length: MOST_DROPPED + 1 }, (_, i) => `/y/${i}.jpg`));
    expect(search.examples).toHaveLength(2 * MOST_DROPPED);
    expect(notices.all[0]?.text).toBe("Only the first 8 pictures were taken.");
  });
});

describe("what is pasted", () => {
  it("is a picture where there is one", () => {
    expect(pastedPicture(clipboard("", png()), false)?.name).toBe("image.png");
    expect(pastedPicture(clipboard("", png()), true)?.name).toBe("image.png");
    const text = new File(["x"], "notes.txt", { type: "text/plain" });
    expect(pastedPicture(clipboard("", text), false)).toBeNull();
    expect(pastedPicture(clipboard("words"), false)).toBeNull();
    expect(pastedPicture(null, false)).toBeNull();
  });

  it("is text in a field where it is both", () => {
    expect(pastedPicture(clipboard("A1: 7", png()), true)).toBeNull();
    expect(pastedPicture(clipboard("A1: 7", png()), false)).not.toBeNull();
  });

  it("is read from the clipboard where the event tells nothing of it", async () => {
    const silent = (text: string): DataTransfer =>
      ({ types: [], items: [], getData: () => text }) as unknown as DataTransfer;
    const picture = new Blob(["x"], { type: "image/png" });
    const items = [
      { types: ["text/html"], getType: vi.fn() },
      { types: ["image/png"], getType: async () => picture },
    ];
    const read = vi
      .spyOn(navigator.clipboard, "read")
      .mockImplementation(async () => items as unknown as ClipboardItems);
    expect(await untoldPicture(silent(""), true)).toBe(picture);
    expect(await untoldPicture(silent("A1: 7"), false)).toBe(picture);
    read.mockClear();
    // Text in a field is meant as such, and an event that tells what there is has told all.
    expect(await untoldPicture(silent("A1: 7"), true)).toBeNull();
    expect(await untoldPicture(clipboard("words"), false)).toBeNull();
    expect(read).not.toHaveBeenCalled();
    read.mockRejectedValue(new DOMException("not allowed", "NotAllowedError"));
    expect(await untoldPicture(silent(""), false)).toBeNull();
  });

  it("is handed over in bytes and becomes an example", async () => {
    const { backend, search, pictures } = hands();
    const keep = vi.spyOn(backend, "keepPicture").mockResolvedValue(41);
    const add = vi.spyOn(search, "addExample");
    expect(await pictures.paste(png())).toBe(true);
    expect([...(keep.mock.calls[0]?.[0] ?? [])]).toEqual([0x89, 0x50]);
    expect(add).toHaveBeenCalledWith({ kind: "pasted", picture: 41, crop: null }, "Pasted picture");
  });

  it("is refused with the reason where it is no picture", async () => {
    const { backend, search, pictures, notices } = hands();
    const reason = "the file is damaged, or of no known kind";
    vi.spyOn(backend, "keepPicture").mockRejectedValue({ code: "usage", message: reason });
    expect(await pictures.paste(png())).toBe(false);
    expect(search.examples).toEqual([]);
    expect(notices.all[0]?.text).toBe(
      "The pasted picture could not be used. The file is damaged, or of no known kind.",
    );
  });
});
