import { beforeEach, expect, test } from "vitest";

import { Layout } from "./layout.svelte";

beforeEach(() => localStorage.clear());

test("how the window is arranged is remembered", () => {
  const layout = new Layout();
  layout.sidebar.open = false;
  layout.sidebar.width = 300;
  layout.rowHeight = 120;
  layout.arrangement = "squares";
  layout.theme = "light";
  layout.fold("tags", true);
  layout.fold("saved", true);
  layout.fold("saved", false);
  const again = new Layout();
  expect([again.sidebar.open, again.sidebar.width]).toEqual([false, 300]);
  expect([again.rowHeight, again.arrangement, again.theme]).toEqual([120, "squares", "light"]);
  expect([again.folded("tags"), again.folded("saved")]).toEqual([true, false]);
});

test("widths and heights keep within what can be used", () => {
  const layout = new Layout();
  layout.sidebar.width = 5000;
  layout.inspector.width = 3;
  layout.rowHeight = 1;
  expect([layout.sidebar.width, layout.inspector.width, layout.rowHeight]).toEqual([420, 240, 96]);
  localStorage.setItem("afterimage.rowHeight", "wide");
  localStorage.setItem("afterimage.theme", "pink");
  expect([new Layout().rowHeight, new Layout().theme]).toEqual([200, "system"]);
});
