import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { FakeBackend } from "../../lib/backend/fake";
import { Session } from "../../lib/session.svelte";
import { listingOf } from "../../testing/scripted";
import Grid from "./Grid.svelte";

const WHY = "The folder with this photo cannot be reached";

function show(offline: boolean) {
  const props = {
    session: new Session(new FakeBackend({ count: 3 })),
    listing: listingOf([{ id: 4, offline }, { id: 5 }]),
    question: "library",
    revision: 1,
    firm: null,
    weakShown: false,
    byTime: false,
    thumbUrl: (id: number) => `thumb://localhost/${id}`,
    onopen: () => undefined,
    onweak: () => undefined,
    onend: () => undefined,
    feedback: null,
    onescape: () => undefined,
  };
  return render(Grid, { props });
}

describe("a photo whose folder cannot be reached", () => {
  it("is marked and still shown", () => {
    show(true);
    const [away, here] = screen.getAllByTestId("tile");
    expect(screen.getAllByTitle(WHY)).toHaveLength(1);
    expect(away?.contains(screen.getByTitle(WHY))).toBe(true);
    expect(away?.querySelector("img")?.getAttribute("src")).toBe("thumb://localhost/4");
    expect(here?.querySelector("svg")).toBeNull();
  });

  it("is told apart by who does not see the mark", () => {
    show(true);
    const names = screen.getAllByRole("option").map((tile) => tile.getAttribute("aria-label"));
    expect(names[0]).toMatch(/, offline$/);
    expect(names[1]).not.toContain("offline");
  });

  it("loses the mark when its folder is back", async () => {
    const { rerender } = show(true);
    await rerender({ listing: listingOf([{ id: 4 }, { id: 5 }]), revision: 2 });
    expect(screen.queryByTitle(WHY)).toBeNull();
    expect(screen.getAllByTestId("tile")).toHaveLength(2);
  });
});
