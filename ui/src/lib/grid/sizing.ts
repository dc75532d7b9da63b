/** The size of photos by the wheel. */
import type { Layout } from "../layout/layout.svelte";

/** So far the wheel is turned to make photos e times as large. */
const WHEEL_PX = 1000;

/** Lets the wheel over an element size photos instead of scrolling; ends with what it returns. */
export function sizeByWheel(element: HTMLElement, layout: Layout): () => void {
  const size = (event: WheelEvent): void => {
    event.preventDefault();
    layout.rowHeight *= Math.exp(-event.deltaY / WHEEL_PX);
  };
  element.addEventListener("wheel", size, { passive: false });
  return () => element.removeEventListener("wheel", size);
}
