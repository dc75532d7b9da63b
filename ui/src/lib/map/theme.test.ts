import { expect, it, vi } from "vitest";

import { onOtherTheme } from "./theme";

it("another theme that was chosen is told, as long as one listens", async () => {
  const told = vi.fn();
  const stop = onOtherTheme(told);
  document.documentElement.dataset.theme = "light";
  await vi.waitFor(() => expect(told).toHaveBeenCalledOnce());
  stop();
  document.documentElement.dataset.theme = "dark";
  await new Promise((done) => setTimeout(done, 20));
  expect(told).toHaveBeenCalledOnce();
  delete document.documentElement.dataset.theme;
});
