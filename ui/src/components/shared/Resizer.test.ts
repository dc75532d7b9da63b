import { fireEvent, render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { Layout } from "../../lib/layout/layout.svelte";
import Resizer from "./Resizer.svelte";

beforeEach(() => localStorage.clear());

function open(side: "left" | "right" = "left") {
  const layout = new Layout();
  const panel = side === "left" ? layout.sidebar : layout.inspector;
  render(Resizer, { props: { panel, side, label: "Width of the column", controls: "column" } });
  const edge = screen.getByRole("separator", { name: "Width of the column" });
  // Not known to the made-up browser.
  edge.setPointerCapture = vi.fn();
  return { panel, edge };
}

async function drag(edge: HTMLElement, by: number): Promise<void> {
  await fireEvent.pointerDown(edge, { clientX: 300, button: 0, pointerId: 1 });
  await fireEvent.pointerMove(edge, { clientX: 300 + by, pointerId: 1 });
  await fireEvent.pointerUp(edge, { pointerId: 1 });
  await fireEvent.pointerMove(edge, { clientX: 900, pointerId: 1 });
}

describe("the edge of a column", () => {
  it("is drawn by the pointer while that is held, and that is remembered", async () => {
    const { panel, edge } = open();
    await drag(edge, 60);
    expect(panel.width).toBe(292);
    expect(edge.getAttribute("aria-valuenow")).toBe("292");
    expect(new Layout().sidebar.width).toBe(292);
  });

  it("makes a column at the right side wider to the left", async () => {
    const { panel, edge } = open("right");
    await drag(edge, -60);
    expect(panel.width).toBe(360);
    edge.focus();
    await userEvent.keyboard("{ArrowLeft}");
    expect(panel.width).toBe(376);
  });

  it("stays within its bounds", async () => {
    const { panel, edge } = open();
    await drag(edge, 900);
    expect(panel.width).toBe(420);
    await drag(edge, -900);
    expect(panel.width).toBe(180);
    expect([edge.getAttribute("aria-valuemin"), edge.getAttribute("aria-valuemax")]).toEqual([
      "180",
      "420",
    ]);
  });

  it("moves by keys, which are its own", async () => {
    const { panel, edge } = open();
    const below = vi.fn();
    window.addEventListener("keydown", below);
    edge.focus();
    const widths: number[] = [];
    for (const key of ["ArrowRight", "ArrowLeft", "ArrowLeft", "End", "Home", "Enter"]) {
      await userEvent.keyboard(`{${key}}`);
      widths.push(panel.width);
    }
    expect(widths).toEqual([248, 232, 216, 420, 180, 232]);
    expect(below).not.toHaveBeenCalled();
    await userEvent.keyboard("x");
    expect(below).toHaveBeenCalledOnce();
    window.removeEventListener("keydown", below);
  });

  it("is as usual again by a double click", async () => {
    const { panel, edge } = open();
    panel.width = 400;
    await userEvent.dblClick(edge);
    expect(panel.width).toBe(232);
  });
});
