import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import type { Photo } from "../../lib/backend/dto";
import { FakeBackend } from "../../lib/backend/fake";
import Caption from "./Caption.svelte";

/** Photo 3 has all that can be said of one. */
async function show(change: Partial<Photo> = {}, why: string | null = null): Promise<HTMLElement> {
  const photo = await new FakeBackend({ count: 9 }).photo(3);
  const { container } = render(Caption, { props: { photo: { ...photo, ...change }, why } });
  return container;
}
const SILENT: Partial<Photo> = {
  title: null,
  description: null,
  keywords: [],
  rating: null,
  label: null,
};

describe("the caption of a photo", () => {
  it("has its name, and what somebody wrote of it", async () => {
    await show();
    expect(screen.getByRole("heading", { name: "IMG_0003.jpg" })).toBeTruthy();
    for (const words of [
      "Evening at the river",
      "The last ferry of the day, seen from the terrace.",
      "river",
      "ferry",
      "Green",
    ]) {
      expect(screen.getByText(words)).toBeTruthy();
    }
  });

  it("keeps no room for what nobody wrote", async () => {
    await show({ ...SILENT, rating: 0 });
    for (const id of ["viewer-said", "viewer-description", "viewer-keywords"]) {
      expect(screen.queryByTestId(id), id).toBeNull();
    }
    expect(screen.getByTestId("viewer-facts").textContent).toContain("3.5 MB");
  });

  it("shows a word that stands there twice, twice", async () => {
    await show({ keywords: ["river", "river"] });
    expect(screen.getAllByText("river")).toHaveLength(2);
  });

  it("is empty until the photo is known", () => {
    const { container } = render(Caption, { props: { photo: null } });
    expect(container.textContent?.trim()).toBe("");
  });

  it("tells why the photo was found, where that does not go without saying", async () => {
    await show({}, "Found by its keywords");
    expect(screen.getByTestId("viewer-why").textContent).toBe("Found by its keywords");
  });

  it("says nothing of that otherwise", async () => {
    await show();
    expect(screen.queryByTestId("viewer-why")).toBeNull();
  });
});
