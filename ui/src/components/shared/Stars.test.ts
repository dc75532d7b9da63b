import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import Stars from "./Stars.svelte";

function show(rating: number, props: { disabled?: boolean } = {}) {
  const onrate = vi.fn();
  const { rerender } = render(Stars, { props: { rating, label: "Stars", onrate, ...props } });
  return { onrate, rate: (stars: number) => rerender({ rating: stars }) };
}
const star = (count: number): HTMLElement =>
  screen.getByRole("radio", { name: count === 1 ? "1 star" : `${count} stars` });

describe("the stars of a photo", () => {
  it("are a choice of five, of which the given one is chosen", () => {
    show(3);
    expect(screen.getByRole("radiogroup", { name: "Stars" })).toBeTruthy();
    const chosen = screen
      .getAllByRole("radio")
      .filter((radio) => radio.getAttribute("aria-checked") === "true");
    expect(chosen).toEqual([star(3)]);
    expect(document.querySelectorAll('svg[fill="currentColor"]')).toHaveLength(3);
  });

  it("are given by a click, and taken away by another one", async () => {
    const { onrate, rate } = show(0);
    await userEvent.click(star(4));
    expect(onrate).toHaveBeenLastCalledWith(4);
    await rate(4);
    await userEvent.click(star(4));
    expect(onrate).toHaveBeenLastCalledWith(0);
  });

  it("are one stop for Tab, at the chosen one or else the first", async () => {
    const { rate } = show(0);
    await userEvent.tab();
    expect(document.activeElement).toBe(star(1));
    await rate(5);
    expect(screen.getAllByRole("radio").map((radio) => radio.tabIndex)).toEqual([
      -1, -1, -1, -1, 0,
    ]);
  });

  it.each([
    ["{ArrowRight}", 3, 3],
    ["{ArrowUp}", 3, 3],
    ["{ArrowLeft}", 1, 1],
    ["{Home}", 0, 1],
    ["{End}", 5, 5],
  ])("are changed by %s to %d, and the focus goes along", async (key, stars, focused) => {
    const { onrate } = show(2);
    star(2).focus();
    await userEvent.keyboard(key);
    expect(onrate).toHaveBeenCalledExactlyOnceWith(stars);
    expect(document.activeElement).toBe(star(focused));
  });

  it("keep their arrows from whatever is under them", async () => {
    show(5);
    const below = vi.fn();
    window.addEventListener("keydown", below);
    star(5).focus();
    await userEvent.keyboard("{ArrowRight}");
    window.removeEventListener("keydown", below);
    expect(below).not.toHaveBeenCalled();
  });

  it("cannot be given in a library that is open for reading only", async () => {
    const { onrate } = show(2, { disabled: true });
    await userEvent.click(star(4));
    expect(onrate).not.toHaveBeenCalled();
  });
});
