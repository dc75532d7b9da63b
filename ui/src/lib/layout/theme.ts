/** The colours that the window wears: an attribute of the page's root that tokens.css goes by. */
import type { Theme } from "./layout.svelte";

const LIGHT = "(prefers-color-scheme: light)";

/** Dresses the page in a theme, as the system is now. */
export function wear(theme: Theme): void {
  const light = theme === "system" ? matchMedia(LIGHT).matches : theme === "light";
  document.documentElement.dataset.theme = light ? "light" : "dark";
}

/** The same, and goes along with the system until the returned function is called. */
export function follow(theme: Theme): () => void {
  const dress = (): void => wear(theme);
  const scheme = matchMedia(LIGHT);
  scheme.addEventListener("change", dress);
  dress();
  return () => scheme.removeEventListener("change", dress);
}
