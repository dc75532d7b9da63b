import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Session } from "../../lib/session.svelte";
import Overlays from "../../views/Overlays.svelte";

async function opened(count = 12): Promise<{ backend: FakeBackend; session: Session }> {
  const backend = new FakeBackend({ count });
  const session = new Session(backend);
  await session.start();
  await vi.waitFor(() => expect(session.search.listing?.count).toBe(count));
  render(Overlays, { session, onleave: () => undefined });
  return { backend, session };
}

const all = { shift: false, control: true };

describe("the menu of photos", () => {
  test("is about all that is chosen where the photo is among it, and else about the photo", async () => {
    const { session } = await opened();
    const ids = session.search.listing?.ids ?? [];
    session.selection.click([...ids], 1, all);
    session.selection.click([...ids], 2, all);
    session.actions.openMenu(2, 10, 10);
    expect(session.actions.menu?.photos).toEqual([1, 2]);
    session.actions.openMenu(5, 10, 10);
    expect(session.actions.menu?.photos).toEqual([5]);
  });

  test("does what it says, closes, and can be walked by keys", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    session.actions.openMenu(3, 10, 10);
    const first = await screen.findByRole("menuitem", { name: /Favourite or not/ });
    await vi.waitFor(() => expect(document.activeElement).toBe(first));
    await user.keyboard("{ArrowDown}{ArrowUp}{Enter}");
    await vi.waitFor(() => expect(backend.opinions.isFavourite(3)).toBe(true));
    expect(screen.queryByRole("menu")).toBeNull();
  });

  test("opens photos in the applications of the system", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    session.actions.openMenu(3, 10, 10);
    await user.click(await screen.findByRole("menuitem", { name: "Open in darktable" }));
    await vi.waitFor(() =>
      expect(backend.files.log).toContainEqual({
        what: "open with darktable.desktop",
        photos: [3],
      }),
    );
  });

  test("leaves a folder out, and takes that back", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    session.actions.openMenu(3, 10, 10);
    await user.click(await screen.findByRole("menuitem", { name: "Leave this folder out" }));
    const patterns = async (): Promise<string[]> =>
      (await backend.overview()).roots[0]?.exclusions.patterns ?? [];
    await vi.waitFor(async () => expect(await patterns()).toEqual(["2024/"]));
    await session.history.undo();
    expect(await patterns()).toEqual([]);
  });
});

describe("copies", () => {
  test("are written as they are wanted, and how far they are is told", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    session.actions.export([1, 2]);
    const run = await screen.findByRole<HTMLButtonElement>("button", { name: "Export 2 copies" });
    expect(run.disabled).toBe(true);
    await user.click(screen.getByRole("button", { name: "Choose…" }));
    await user.selectOptions(screen.getByLabelText("Format"), "jpeg");
    await user.clear(screen.getByLabelText("Name"));
    await user.type(screen.getByLabelText("Name"), "trip {{number}");
    await screen.findByText("For example trip 001.jpg");
    await user.click(run);
    await screen.findByTestId("export-done");
    expect(backend.files.exports).toMatchObject([
      { photos: [1, 2], format: "jpeg", pattern: "trip {number}", metadata: true },
    ]);
  });

  test("are not written by a name that cannot be", async () => {
    const user = userEvent.setup();
    const { session } = await opened();
    session.actions.export([1]);
    await user.click(await screen.findByRole("button", { name: "Choose…" }));
    await user.clear(screen.getByLabelText("Name"));
    await user.type(screen.getByLabelText("Name"), "{{weather}");
    await screen.findByText(/\{weather\} is nothing that can be filled in/);
    const run = screen.getByRole<HTMLButtonElement>("button", { name: "Export the copy" });
    expect(run.disabled).toBe(true);
  });

  test("that were cancelled are no failure", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    backend.files.copyMs = 20;
    session.actions.export([1, 2, 3, 4, 5, 6]);
    await user.click(await screen.findByRole("button", { name: "Choose…" }));
    await user.click(screen.getByRole("button", { name: "Export 6 copies" }));
    await user.click(await screen.findByRole("button", { name: "Cancel" }));
    await screen.findByRole("button", { name: "Export 6 copies" });
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("the trash", () => {
  test("is asked for first, and gives back what it took", async () => {
    const user = userEvent.setup();
    const { session } = await opened();
    session.actions.trash([1, 2]);
    await user.click(await screen.findByRole("button", { name: "Keep all" }));
    expect(session.search.listing?.count).toBe(12);
    session.actions.trash([1, 2]);
    await user.click(await screen.findByRole("button", { name: "Move to the trash" }));
    await vi.waitFor(() => expect(session.search.listing?.count).toBe(10));
    await session.history.undo();
    await vi.waitFor(() => expect(session.search.listing?.count).toBe(12), { timeout: 4000 });
  });
});

describe("opinions", () => {
  test("show at once and go back to what they were", async () => {
    const { backend, session } = await opened();
    await session.actions.rate([1, 3], 5);
    expect(session.search.listing?.ratings.slice(0, 3)).toEqual(Int8Array.of(5, 0, 5));
    expect(session.history.next).toBe("2 photos have 5 stars.");
    await session.history.undo();
    expect((await backend.photo(3)).rating).toBe(4);
    expect((await backend.photo(1)).rating).toBeNull();
  });

  test("a tag is given by its name, and taken back", async () => {
    const user = userEvent.setup();
    const { backend, session } = await opened();
    session.actions.tagging = [1, 2];
    await user.type(await screen.findByTestId("tag-field"), "Grandmother{Enter}");
    await vi.waitFor(() => expect(session.actions.tagging).toBeNull());
    const named = async (): Promise<string[]> =>
      (await backend.photoTags(1)).filter(({ decision }) => decision).map(({ name }) => name);
    expect(await named()).toContain("Grandmother");
    await session.history.undo();
    expect(await named()).not.toContain("Grandmother");
  });
});
