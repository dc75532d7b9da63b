/** What can be done by a key, and by which: as it comes, or as the person has chosen. */
import type { MessageKey } from "../i18n/i18n.svelte";
import { recall, remember } from "../remember";
import { belongsToField, pressed } from "./keys";

/** Where keys count: everywhere, where photos are to act on, in a grid, in the viewer, in review. */
export type Scope = "window" | "photos" | "grid" | "viewer" | "review";

export interface ShortcutAction {
  scope: Scope;
  keys: readonly string[];
  words: MessageKey;
}

/** In the order in which the sheet shows them. */
export const ACTIONS = {
  focusSearch: { scope: "window", keys: ["/", "Ctrl+K"], words: "shortcuts.focusSearch" },
  undo: { scope: "window", keys: ["Ctrl+Z"], words: "shortcuts.undo" },
  sheet: { scope: "window", keys: ["?"], words: "shortcuts.sheet" },
  settings: { scope: "window", keys: ["Ctrl+,"], words: "shortcuts.settings" },
  sidebar: { scope: "window", keys: ["Ctrl+B"], words: "shortcuts.sidebar" },
  inspector: { scope: "window", keys: ["I"], words: "shortcuts.inspector" },
  larger: { scope: "window", keys: ["Ctrl++", "Ctrl+="], words: "shortcuts.larger" },
  smaller: { scope: "window", keys: ["Ctrl+-"], words: "shortcuts.smaller" },
  library: { scope: "window", keys: ["Ctrl+1"], words: "shortcuts.library" },
  favourites: { scope: "window", keys: ["Ctrl+2"], words: "shortcuts.favourites" },
  recent: { scope: "window", keys: ["Ctrl+3"], words: "shortcuts.recent" },
  duplicates: { scope: "window", keys: ["Ctrl+4"], words: "shortcuts.duplicates" },
  map: { scope: "window", keys: ["Ctrl+5"], words: "shortcuts.map" },
  insight: { scope: "window", keys: ["Ctrl+6"], words: "shortcuts.insight" },

  selectAll: { scope: "grid", keys: ["Ctrl+A"], words: "shortcuts.selectAll" },
  compare: { scope: "photos", keys: ["C"], words: "shortcuts.compare" },
  slideshow: { scope: "photos", keys: ["F5"], words: "shortcuts.slideshow" },

  favourite: { scope: "photos", keys: ["F"], words: "shortcuts.favourite" },
  rate0: { scope: "photos", keys: ["0"], words: "shortcuts.rate0" },
  rate1: { scope: "photos", keys: ["1"], words: "shortcuts.rate1" },
  rate2: { scope: "photos", keys: ["2"], words: "shortcuts.rate2" },
  rate3: { scope: "photos", keys: ["3"], words: "shortcuts.rate3" },
  rate4: { scope: "photos", keys: ["4"], words: "shortcuts.rate4" },
  rate5: { scope: "photos", keys: ["5"], words: "shortcuts.rate5" },
  reject: { scope: "photos", keys: ["X"], words: "shortcuts.reject" },
  tag: { scope: "photos", keys: ["T"], words: "shortcuts.tag" },
  similar: { scope: "photos", keys: ["S"], words: "shortcuts.similar" },
  more: { scope: "photos", keys: ["+"], words: "shortcuts.more" },
  less: { scope: "photos", keys: ["-"], words: "shortcuts.less" },
  open: { scope: "photos", keys: ["Ctrl+O"], words: "shortcuts.open" },
  reveal: { scope: "photos", keys: ["Ctrl+Shift+O"], words: "shortcuts.reveal" },
  copyFiles: { scope: "photos", keys: ["Ctrl+C"], words: "shortcuts.copyFiles" },
  copyPaths: { scope: "photos", keys: ["Ctrl+Shift+C"], words: "shortcuts.copyPaths" },
  export: { scope: "photos", keys: ["Ctrl+E"], words: "shortcuts.export" },
  trash: { scope: "photos", keys: ["Delete"], words: "shortcuts.trash" },

  actualSize: { scope: "viewer", keys: ["Space"], words: "shortcuts.actualSize" },
  rotate: { scope: "viewer", keys: ["R"], words: "shortcuts.rotate" },
  rotateBack: { scope: "viewer", keys: ["Shift+R"], words: "shortcuts.rotateBack" },
  region: { scope: "viewer", keys: ["E"], words: "shortcuts.region" },
  filmstrip: { scope: "viewer", keys: ["B"], words: "shortcuts.filmstrip" },

  confirmSuggestion: {
    scope: "review",
    keys: ["Y", "Enter"],
    words: "shortcuts.confirmSuggestion",
  },
  rejectSuggestion: { scope: "review", keys: ["N", "Delete"], words: "shortcuts.rejectSuggestion" },
  takeBack: { scope: "review", keys: ["R"], words: "shortcuts.takeBack" },
} as const satisfies Record<string, ShortcutAction>;

export type ActionId = keyof typeof ACTIONS;

export const ACTION_IDS = Object.keys(ACTIONS) as readonly ActionId[];

const CHOSEN = "shortcuts";

type Chosen = Readonly<Partial<Record<ActionId, readonly string[]>>>;

export class Shortcuts {
  #chosen = $state.raw<Chosen>(recalled());

  /** The keys of an action, as they are shown: what it comes with gives way to what was chosen. */
  keys(id: ActionId): readonly string[] {
    return this.#chosen[id] ?? ACTIONS[id].keys.filter((key) => !this.#taken(id, key));
  }

  /** The first of its keys, to be told in a menu; null where it has none. */
  first(id: ActionId): string | null {
    return this.keys(id)[0] ?? null;
  }

  /** The action of a key in one of these scopes; null where there is none, or a field takes it. */
  match(event: KeyboardEvent, ...scopes: readonly Scope[]): ActionId | null {
    const keys = pressed(event);
    if (keys === null || belongsToField(keys, event.target)) return null;
    const inScope = (scope: Scope): ActionId | undefined =>
      ACTION_IDS.find((id) => ACTIONS[id].scope === scope && this.keys(id).includes(keys));
    for (const scope of scopes) {
      const found = inScope(scope);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Whether an action has other keys than it comes with. */
  changed(id: ActionId): boolean {
    return this.#chosen[id] !== undefined;
  }

  /** Gives an action these keys. */
  rebind(id: ActionId, keys: readonly string[]): void {
    this.#choose({ ...this.#chosen, [id]: keys.filter((key, at) => keys.indexOf(key) === at) });
  }

  /** Gives an action, or all, the keys that they came with. */
  reset(id?: ActionId): void {
    if (id === undefined) this.#choose({});
    else {
      const others = Object.entries(this.#chosen).filter(([other]) => other !== id);
      this.#choose(Object.fromEntries(others));
    }
  }

  /** The action whose key this is already where it would count for `id`, too. */
  conflict(id: ActionId, keys: string): ActionId | null {
    const scope: Scope = ACTIONS[id].scope;
    const found = ACTION_IDS.find(
      (other) =>
        other !== id && meet(scope, ACTIONS[other].scope) && this.keys(other).includes(keys),
    );
    return found ?? null;
  }

  /** Whether the person chose a key for another action where it would count for `id`, too. */
  #taken(id: ActionId, keys: string): boolean {
    return ACTION_IDS.some(
      (other) =>
        other !== id &&
        this.#chosen[other]?.includes(keys) === true &&
        meet(ACTIONS[id].scope, ACTIONS[other].scope),
    );
  }

  #choose(chosen: Chosen): void {
    this.#chosen = chosen;
    remember(CHOSEN, JSON.stringify(chosen));
  }
}

/** Scopes that count in one place. A review has its own keys before those for photos. */
const MEETING: readonly (readonly [Scope, Scope])[] = [
  ["photos", "grid"],
  ["photos", "viewer"],
  ["grid", "review"],
];

/** Whether keys of both scopes can be meant at a time. */
function meet(a: Scope, b: Scope): boolean {
  if (a === b || a === "window" || b === "window") return true;
  return MEETING.some((pair) => pair.includes(a) && pair.includes(b));
}

function recalled(): Chosen {
  try {
    const chosen: unknown = JSON.parse(recall(CHOSEN) ?? "{}");
    if (typeof chosen !== "object" || chosen === null) return {};
    const known = Object.entries(chosen).filter(
      ([id, keys]) =>
        id in ACTIONS && Array.isArray(keys) && keys.every((key) => typeof key === "string"),
    );
    return Object.fromEntries(known) as Chosen;
  } catch {
    return {};
  }
}
