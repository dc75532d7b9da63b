/** When the first thumbnail came, for who measures how long a start takes. */
const MARK = "first-thumbnail";

let seen = false;

/** A thumbnail is there; the first one is noted in the browser's timeline. */
export function firstSeen(): void {
  if (seen) return;
  seen = true;
  // It is painted with the next frame.
  requestAnimationFrame(() => performance.mark(MARK));
}
