/** What the keys of the window do that are the same in all of its views. */
import { go } from "../library/places";
import type { Session } from "../session.svelte";
import type { ActionId } from "../shortcuts/shortcuts.svelte";
import type { Column } from "./column.svelte";

/** Parts of the window that keys show, hide or go to. */
export interface WindowParts {
  sidebar: Column;
  inspector: Column;
  focusSearch: () => void;
  showSheet: () => void;
}

/** Pixels of a row's height that a key changes. */
const STEP = 24;

/** Does what a key of the window stands for; false where that is not for here. */
export function actInWindow(session: Session, parts: WindowParts, action: ActionId): boolean {
  const { layout } = session;
  switch (action) {
    case "focusSearch":
      parts.focusSearch();
      return true;
    case "sheet":
      parts.showSheet();
      return true;
    case "undo":
      void session.history.undo();
      return true;
    case "sidebar":
      parts.sidebar.toggle();
      return true;
    case "inspector":
      parts.inspector.toggle();
      return true;
    case "larger":
      layout.rowHeight += STEP;
      return true;
    case "smaller":
      layout.rowHeight -= STEP;
      return true;
    case "library":
    case "favourites":
    case "recent":
    case "duplicates":
    case "map":
    case "insight":
      go(session, action);
      return true;
    default:
      return false;
  }
}
