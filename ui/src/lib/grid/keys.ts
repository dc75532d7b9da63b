/** What keys do in the grid. Those that lead on are fixed; all others are the person's. */
import { act } from "../actions/keys";
import type { Session } from "../session.svelte";
import { heldWith, type GridChoice } from "./choice.svelte";
import type { GridView } from "./view.svelte";

/** What the grid itself has to do. */
export interface GridDoing {
  /** Scrolls as little as shows the photo at this place. */
  reveal: (index: number) => void;
  open: (id: number) => void;
  /** Leaves the grid. */
  escape: () => void;
  /** Whether more or less like a photo can be wanted. */
  refinable: () => boolean;
}

export class GridKeys {
  readonly #session: Session;
  readonly #view: GridView;
  readonly #choice: GridChoice;
  readonly #ids: () => Uint32Array;
  readonly #doing: GridDoing;

  constructor(
    session: Session,
    view: GridView,
    choice: GridChoice,
    ids: () => Uint32Array,
    doing: GridDoing,
  ) {
    this.#session = session;
    this.#view = view;
    this.#choice = choice;
    this.#ids = ids;
    this.#doing = doing;
  }

  /** A key was pressed in the list; false where it means nothing here. */
  press(event: KeyboardEvent): boolean {
    return this.#move(event) || this.#fixed(event) || this.act(event);
  }

  /** A key was pressed beside the list: what it does to photos it does from there, too. */
  act(event: KeyboardEvent): boolean {
    const { shortcuts, actions, selection } = this.#session;
    const action = shortcuts.match(event, "grid", "photos");
    if (action === null) return false;
    if (action === "selectAll") {
      this.#choice.all();
      return true;
    }
    if ((action === "more" || action === "less") && !this.#doing.refinable()) return false;
    const { current } = selection;
    return act(this.#session, action, actions.targets(current), current);
  }

  #move(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const { current } = this.#session.selection;
    const at = current === null ? 0 : Math.max(0, this.#ids().indexOf(current));
    const to = this.#view.destination(event.key, at);
    const id = to === null ? undefined : this.#ids()[to];
    if (to === null || id === undefined) return false;
    this.#choice.move(id, heldWith(event));
    this.#doing.reveal(to);
    return true;
  }

  #fixed(event: KeyboardEvent): boolean {
    const { key, altKey, shiftKey } = event;
    const { selection } = this.#session;
    const { current } = selection;
    const { control } = heldWith(event);
    if (altKey) return false;
    if (key === "Escape") {
      if (selection.count > 0) this.#choice.clear();
      else this.#doing.escape();
      return true;
    }
    if (current === null) return false;
    if (key === "ContextMenu" || (key === "F10" && shiftKey)) this.#menu(current);
    else if (key === " " && control) this.#choice.toggle(current);
    else if ((key === " " || key === "Enter") && !control && !shiftKey) this.#doing.open(current);
    else return false;
    return true;
  }

  /** Opens the menu of a photo where it stands. */
  #menu(id: number): void {
    const box = document.getElementById(`tile-${id}`)?.getBoundingClientRect();
    if (!box) return;
    this.#session.actions.openMenu(id, box.left + box.width / 2, box.top + box.height / 2);
  }
}
