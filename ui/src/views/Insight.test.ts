import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";

import { says } from "../lib/backend/backend";
import { FakeBackend } from "../lib/backend/fake";
import { Session } from "../lib/session.svelte";
import App from "./App.svelte";

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await tick();
}

async function open(count = 40, prepare: (backend: FakeBackend) => void = () => undefined) {
  const backend = new FakeBackend({ count });
  prepare(backend);
  const session = new Session(backend);
  render(App, { props: { session } });
  await settle();
  await userEvent.click(screen.getByTestId("insight-entry"));
  await settle();
  return { backend, session };
}

describe("the page of insight", () => {
  it("has warnings with what to do, figures with what they mean, and drawings with words", async () => {
    await open();
    expect(screen.getByTestId("insight-entry").getAttribute("aria-current")).toBe("page");
    expect(screen.getByTestId("warning").textContent).toContain(
      "Check that these photos can be opened",
    );
    expect(screen.getAllByTestId("figure")).toHaveLength(2);
    const plot = screen.getByTestId("plot");
    expect(plot.textContent).toContain("have a cosine of 0.21 in the mean");
    const drawing = plot.querySelector(".drawing");
    expect(drawing?.shadowRoot?.querySelectorAll("rect")).toHaveLength(20);
    expect(drawing?.shadowRoot?.adoptedStyleSheets).toHaveLength(1);
  });

  it("runs nothing of a drawing, and says where one cannot be shown", async () => {
    const bad = '<svg xmlns="http://www.w3.org/2000/svg"><script>window.ran=1</script></svg>';
    await open(40, (backend) => {
      vi.spyOn(backend, "insight").mockResolvedValue({
        model: "starter",
        vectors: 40,
        dim: 512,
        figures: [],
        warnings: [],
        plots: [
          { title: says("Bad"), svg: bad, caption: says("one") },
          { title: says("None"), svg: "<p>", caption: says("two") },
        ],
      });
    });
    expect(screen.getByText("Nothing is wrong with these vectors.")).toBeTruthy();
    expect("ran" in window).toBe(false);
    expect(screen.getByRole("alert").textContent).toContain("cannot be shown");
  });

  it("says that it takes a moment, and can be stopped", async () => {
    let fail: (error: unknown) => void = () => undefined;
    const { backend } = await open(40, (fake) => {
      vi.spyOn(fake, "insight").mockImplementation(
        () => new Promise((_, reject) => (fail = reject)),
      );
    });
    vi.spyOn(backend, "cancelInsight").mockImplementation(async () =>
      fail({ code: "cancelled", message: "cancelled" }),
    );
    await userEvent.click(await screen.findByTestId("cancel-insight"));
    await settle();
    expect(screen.getByText("Nothing was computed")).toBeTruthy();
    expect(screen.queryByTestId("failed-state")).toBeNull();
  });

  it("is computed once, and anew after the library has changed", async () => {
    const { backend, session } = await open();
    const compute = vi.spyOn(backend, "insight");
    const again = async (): Promise<void> => {
      session.view = "photos";
      await settle();
      session.view = "insight";
      await settle();
    };
    await again();
    expect(compute).not.toHaveBeenCalled();
    backend.emit((events) => events.libraryChanged());
    await again();
    expect(compute).toHaveBeenCalledOnce();
  });

  it("says that too few photos say nothing", async () => {
    await open(23);
    expect(screen.getByTestId("empty-state").textContent).toContain(
      "23 photos are indexed, and figures need at least 24.",
    );
  });

  it("says why it failed, and can try again", async () => {
    const { backend } = await open(40, (fake) => {
      vi.spyOn(fake, "insight").mockRejectedValueOnce({ code: "failed", message: "no model" });
    });
    expect(screen.getByTestId("failed-state").textContent).toContain("No model.");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await settle();
    expect(backend.insight).toHaveBeenCalledTimes(2);
    expect(screen.getByTestId("insight")).toBeTruthy();
  });
});
