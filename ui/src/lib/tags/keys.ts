/** What keys do to the photos of a category. */
import { act } from "../actions/keys";
import type { Decision } from "../backend/dto";
import type { Session } from "../session.svelte";
import type { ActionId } from "../shortcuts/shortcuts.svelte";
import { opinionWords } from "../words/tags";

/** What each list holds cannot be decided the same way again. */
const HELD = { suggested: null, tagged: "confirmed", rejected: "rejected" } as const;

const DECISIONS: Readonly<Partial<Record<ActionId, Decision | null>>> = {
  confirmSuggestion: "confirmed",
  rejectSuggestion: "rejected",
  takeBack: null,
};

/** What a key does to what is chosen; null where it does nothing there. */
export function reviewAction(session: Session, event: KeyboardEvent): (() => void) | null {
  const { review, shortcuts, library } = session;
  const action = shortcuts.match(event, "review", "grid", "photos");
  if (action === null) return null;
  if (action === "selectAll") return () => review.selectAll();
  const decision = DECISIONS[action];
  if (decision !== undefined) return deciding(session, decision);
  const { current } = review.selection;
  if (current === null || (library.fixed && changes(action))) return null;
  return () => void done(session, action, current);
}

function deciding(session: Session, decision: Decision | null): (() => void) | null {
  const { library, review, view } = session;
  // Where photos are to be restored, nothing else is decided.
  if (library.fixed || (view === "rejected" && decision !== null)) return null;
  return decision === HELD[review.of] ? null : () => review.decide(decision);
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
