import { describe, expect, it } from "vitest";

import { listingOf } from "../../testing/scripted";
import { justify } from "./justify";
import { PassingRows, rowColors } from "./rush";

const listing = listingOf([
  { id: 1, aspect: 1, color: 0x0a0b0c },
  { id: 2, aspect: 2, color: null },
  ...Array.from({ length: 200 }, (_, i) => ({ id: i + 3, aspect: 1, color: 0x808080 })),
]);
const layout = justify(listing.aspects, listing.count, [{ start: 0, head: 0 }], {
  width: 606,
  rowHeight: 200,
  gap: 6,
});

describe("photos that are rushed past", () => {
  it("are stretches of colour, in their places", () => {
    expect(rowColors(listing, layout, 0, "grey")).toBe(
      "linear-gradient(90deg, transparent 0 0px, #0a0b0c 0 200px, " +
        "transparent 0 206px, grey 0 606px, transparent 0)",
    );
  });

  it("take an element a row, which is handed on and touched only for another row", () => {
    const host = document.createElement("div");
    const rows = new PassingRows(host, "grey");
    const tops = (): string[] =>
      [...host.children].map((row) => (row as HTMLElement).style.top).sort();
    rows.paint(listing, layout, 0, 400);
    expect(tops()).toEqual(["0px", "206px"].sort());
    const [first] = host.children;
    (first as HTMLElement).style.top = "5px";
    rows.paint(listing, layout, 0, 400);
    expect((first as HTMLElement).style.top).toBe("5px");
    const far = layout.rowTop[40] ?? 0;
    rows.paint(listing, layout, far, 400);
    expect(host.children).toHaveLength(2);
    expect(tops()).toEqual([`${far}px`, `${layout.rowTop[41]}px`].sort());
  });
});
