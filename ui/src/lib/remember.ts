/**
 * Small things about the window that are remembered between starts. Where the web view has no
 * store for them they are forgotten, which does no harm.
 */
const PREFIX = "afterimage.";

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Asked again at the next start.
  }
}
