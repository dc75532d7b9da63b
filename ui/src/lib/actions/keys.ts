/** What the keys for photos do, wherever photos are shown. */
import type { Session } from "../session.svelte";
import type { ActionId } from "../shortcuts/shortcuts.svelte";
import { REJECTED } from "./actions.svelte";

const STARS: Readonly<Partial<Record<ActionId, number>>> = {
  rate0: 0,
  rate1: 1,
  rate2: 2,
  rate3: 3,
  rate4: 4,
  rate5: 5,
  reject: REJECTED,
};

/**
 * Does to photos what a key stands for; `photo` is the one that is looked at. False where the
 * action is none for photos, or there are none.
 */
export function act(
  session: Session,
  action: ActionId,
  photos: readonly number[],
  photo: number | null,
): boolean {
  const { actions, search, viewer } = session;
  const [first] = photos;
  if (first === undefined) return false;
  const looked = photo ?? first;
  const stars = STARS[action];
  if (stars !== undefined) void actions.rate(photos, stars);
  else if (action === "favourite") void actions.toggleFavourite(photos);
  else if (action === "tag") actions.tagging = photos;
  else if (action === "similar") session.findSimilar(looked);
  else if (action === "more") search.say(looked, true);
  else if (action === "less") search.say(looked, false);
  else if (action === "open") void actions.open(looked);
  else if (action === "reveal") void actions.reveal(looked);
  else if (action === "copyFiles") void actions.copyFiles(photos);
  else if (action === "copyPaths") void actions.copyPaths(photos);
  else if (action === "export") actions.export(photos);
  else if (action === "trash") actions.trash(photos);
  else if (action === "compare") actions.compare(photos);
  else if (action === "slideshow") viewer.play(looked);
  else return false;
  return true;
}
