/** What keys do to the photos of a category. */
import { act } from "../actions/keys";
import type { Decision } from "../backend/dto";
import type { Session } from "../session.svelte";
import type { ActionId } from "../shortcuts/shortcuts.svelte";
import { opinionWords } from "../words/tags";

/** Keys that decide whatever the person has chosen, beside those of the shortcuts. */
const FIXED: Readonly<Record<string, Decision | null | "undo">> = {
  Enter: "confirmed",
  c: "confirmed",
  x: "rejected",
  Delete: "rejected",
  r: null,
  u: "undo",
};
/** Where photos are to be restored, nothing else is done to them. */
const RESTORING: Readonly<Record<string, null | "undo">> = { Enter: null, r: null, u: "undo" };
/** What each list holds cannot be decided the same way again. */
const HELD = { suggested: null, tagged: "confirmed", rejected: "rejected" } as const;

/** What a key does to what is chosen; null where it does nothing there. */
export function reviewAction(session: Session, event: KeyboardEvent): (() => void) | null {
  const { review, shortcuts, library } = session;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  const restoring = session.view === "rejected";
  const fixed = plain ? (restoring ? RESTORING : FIXED)[event.key] : undefined;
  if (fixed === "undo") return library.fixed ? null : () => void review.undo();
  if (fixed !== undefined) return deciding(session, fixed);
  const action = shortcuts.match(event, "review", "photos");
  if (action === "confirmSuggestion" || action === "rejectSuggestion") {
    const decision = action === "confirmSuggestion" ? "confirmed" : "rejected";
    return restoring ? null : deciding(session, decision);
  }
  const { current } = review.selection;
  if (action === null || current === null) return null;
  if (library.fixed && changes(action)) return null;
  return () => void done(session, action, current);
}

function deciding({ review, library }: Session, decision: Decision | null): (() => void) | null {
  return library.fixed || decision === HELD[review.of] ? null : () => review.decide(decision);
}

function opines(action: ActionId): boolean {
  return action === "favourite" || action === "reject" || /^rate\d$/.test(action);
}

function changes(action: ActionId): boolean {
  return opines(action) || action === "tag" || action === "trash";
}

async function done(session: Session, action: ActionId, current: number): Promise<void> {
  const { actions, review, viewer, backend, notices } = session;
  const photos = [...review.targets];
  const [only] = photos;
  if (action === "slideshow") {
    session.look(review.ids, current);
    viewer.play(current);
  } else if (!opines(action) || photos.length !== 1 || only === undefined) {
    act(session, action, photos, current);
  } else {
    const stars = action === "reject" ? -1 : Number(action.slice("rate".length));
    if (action === "favourite") await actions.toggleFavourite(photos);
    else await actions.rate(photos, stars);
    // Neither heart nor stars are seen in these lists.
    const photo = await backend.photo(only).catch(() => null);
    if (photo !== null) notices.done(opinionWords(photo));
  }
}
