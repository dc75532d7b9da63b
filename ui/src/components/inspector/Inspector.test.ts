import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Session } from "../../lib/session.svelte";
import Inspector from "./Inspector.svelte";

const NOTHING = { shift: false, control: false };
const ADDED = { shift: false, control: true };

async function opened(query = ""): Promise<{ backend: FakeBackend; session: Session }> {
  const backend = new FakeBackend({ count: 40 });
  const session = new Session(backend);
  await session.start();
  if (query !== "") session.ask(query);
  await vi.waitFor(() => expect(session.search.answered.kind).toBe(query ? "search" : "library"));
  return { backend, session };
}

function choose(session: Session, ...photos: number[]): void {
  const ids = [...(session.search.listing?.ids ?? [])];
  session.selection.clear();
  photos.forEach((photo, i) => session.selection.click(ids, photo, i === 0 ? NOTHING : ADDED));
}

test("says that nothing is selected", async () => {
  const { session } = await opened();
  render(Inspector, { session });
  screen.getByText("Select a photo to see what is known of it.");
});

test("tells what is known of the photo that is selected", async () => {
  const { session } = await opened();
  choose(session, 3);
  render(Inspector, { session });
  await screen.findByText("IMG_0003.jpg");
  const facts = await screen.findByTestId("facts");
  within(facts).getByText("Fujifilm X-T4");
  within(facts).getByText("35 mm · f/2.8 · 1/250 s · ISO 400");
  screen.getByText("Evening at the river");
  expect(screen.queryByTestId("why")).toBeNull();
});

test("follows the selection, and drops what comes late for the photo before", async () => {
  const { backend, session } = await opened();
  choose(session, 3);
  render(Inspector, { session });
  await screen.findByText("IMG_0003.jpg");
  const slow = backend.photo.bind(backend);
  const asked = vi.spyOn(backend, "photo").mockImplementation(async (id) => {
    if (id === 4) await new Promise((rest) => setTimeout(rest, 400));
    return slow(id);
  });
  choose(session, 4);
  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith(4));
  choose(session, 5);
  await screen.findByText("IMG_0005.jpg");
  await new Promise((rest) => setTimeout(rest, 450));
  screen.getByText("IMG_0005.jpg");
  expect(screen.queryByText("IMG_0004.jpg")).toBeNull();
});

test("tells why a photo answers, part by part, and anew for another question", async () => {
  const { session } = await opened("ferry rating:4");
  const [first] = session.search.listing?.ids ?? [];
  choose(session, first ?? 0);
  render(Inspector, { session });
  const why = await screen.findByTestId("why");
  within(why).getByText("Strong match");
  within(why).getByText("Place 1 of", { exact: false });
  within(why).getByText("ferry", { exact: false });
  within(why).getByText("rating:4", { exact: false });
  session.ask("lighthouse");
  await within(await screen.findByTestId("why")).findByText("lighthouse", { exact: false });
});

test("shows similar photos, and asks for all of them", async () => {
  const user = userEvent.setup();
  const { session } = await opened();
  choose(session, 3);
  render(Inspector, { session });
  const similar = await screen.findByTestId("similar");
  expect(within(similar).getAllByRole("button")).toHaveLength(12);
  await user.click(screen.getByRole("button", { name: "Show all that are similar" }));
  expect(session.search.pictures).toMatchObject([{ example: { kind: "photo", photo: 3 } }]);
});

test("stars and the heart are given to the photo, and shown", async () => {
  const user = userEvent.setup();
  const { backend, session } = await opened();
  choose(session, 4);
  render(Inspector, { session });
  await user.click(await screen.findByRole("button", { name: "Mark as a favourite" }));
  await screen.findByRole("button", { name: "No longer a favourite" });
  expect(backend.opinions.isFavourite(4)).toBe(true);
  await user.click(screen.getByRole("radio", { name: "5 stars" }));
  await vi.waitFor(() => expect(backend.opinions.stars(4)).toBe(5));
});

test("many photos are rated and tagged at once", async () => {
  const user = userEvent.setup();
  const { backend, session } = await opened();
  choose(session, 4, 5, 7);
  render(Inspector, { session });
  screen.getByText("3 photos selected");
  await user.click(screen.getByRole("radio", { name: "2 stars" }));
  await vi.waitFor(() => expect(backend.opinions.stars(7)).toBe(2));
  expect(session.history.next).toBe("3 photos have 2 stars.");
  await user.type(screen.getByTestId("tag-field"), "Harbour{Enter}");
  await vi.waitFor(() => expect(session.history.next).toBe("“Harbour” is on 3 photos."));
});

test("a photo that cannot be read is a failure with a way to go on", async () => {
  const user = userEvent.setup();
  const { backend, session } = await opened();
  const failing = vi.spyOn(backend, "photo").mockRejectedValue(new Error("the drive is gone"));
  choose(session, 3);
  render(Inspector, { session });
  await screen.findByText(/This photo could not be read/);
  failing.mockRestore();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await screen.findByText("IMG_0003.jpg");
});
