/** All keys of the window in groups, as the sheet and the settings list them. */
import { t, type MessageKey } from "../i18n/i18n.svelte";
import { showKeys } from "../words/keys";
import { ACTION_IDS, ACTIONS, type ActionId, type Scope, type Shortcuts } from "./shortcuts.svelte";

/** A key that is what it is. */
interface Fixed {
  words: MessageKey;
  keys: readonly string[];
}

const FIXED: Readonly<Record<Scope, readonly Fixed[]>> = {
  window: [
    { words: "shortcuts.fixedEscape", keys: ["Esc"] },
    { words: "shortcuts.fixedTab", keys: ["Tab", "Shift+Tab"] },
  ],
  photos: [],
  grid: [
    { words: "shortcuts.fixedMove", keys: ["Left", "Right", "Up", "Down"] },
    { words: "shortcuts.fixedPage", keys: ["PageUp", "PageDown"] },
    { words: "shortcuts.fixedEnds", keys: ["Home", "End"] },
    { words: "shortcuts.fixedExtend", keys: ["Shift+Left", "Shift+Right"] },
    { words: "shortcuts.fixedToggle", keys: ["Ctrl+Space"] },
    { words: "shortcuts.fixedLook", keys: ["Enter", "Space"] },
    { words: "shortcuts.fixedMenu", keys: ["Shift+F10"] },
  ],
  viewer: [
    { words: "shortcuts.fixedStep", keys: ["Left", "Right"] },
    { words: "shortcuts.fixedEnds", keys: ["Home", "End"] },
    { words: "shortcuts.fixedFullScreen", keys: ["F11"] },
  ],
  review: [{ words: "shortcuts.fixedLook", keys: ["Space"] }],
};

/** In an order that fills two columns about evenly. */
const SCOPES: Readonly<Record<Scope, MessageKey>> = {
  window: "shortcuts.scopeWindow",
  grid: "shortcuts.scopeGrid",
  review: "shortcuts.scopeReview",
  photos: "shortcuts.scopePhotos",
  viewer: "shortcuts.scopeViewer",
};

/** Of what the window is moved in, whatever is chosen. */
const RESERVED: readonly string[] = [
  "Esc",
  "Tab",
  "Shift+Tab",
  "Left",
  "Right",
  "Up",
  "Down",
  "Shift+Left",
  "Shift+Right",
  "Shift+Up",
  "Shift+Down",
  "Home",
  "End",
  "PageUp",
  "PageDown",
  "Ctrl+Space",
  "Shift+F10",
  "F11",
];

/** These open what is chosen, but where an action may have them. */
const OPENING: Readonly<Partial<Record<string, Scope>>> = { Enter: "review", Space: "viewer" };

export interface Line {
  words: string;
  keys: readonly string[];
  /** Null for what cannot be changed. */
  id: ActionId | null;
}

export interface Group {
  scope: Scope;
  title: string;
  lines: readonly Line[];
}

/** Whether a key leads through the window, so that no action of this scope can have it. */
export function reserved(keys: string, scope: Scope): boolean {
  return RESERVED.includes(keys) || (OPENING[keys] ?? scope) !== scope;
}

/** The groups with what matches: by its words, or by its keys as they are shown. */
export function groups(shortcuts: Shortcuts, typed = "", withFixed = true): Group[] {
  const scopes = Object.keys(SCOPES) as Scope[];
  const all = scopes.map((scope) => ({
    scope,
    title: t(SCOPES[scope]),
    lines: [
      ...ACTION_IDS.filter((id) => ACTIONS[id].scope === scope).map((id) => ({
        words: t(ACTIONS[id].words),
        keys: shortcuts.keys(id),
        id,
      })),
      ...(withFixed ? FIXED[scope] : []).map(({ words, keys }) => ({
        words: t(words),
        keys,
        id: null,
      })),
    ].filter((line) => matches(line, typed)),
  }));
  return all.filter(({ lines }) => lines.length > 0);
}

function matches({ words, keys }: Line, typed: string): boolean {
  const wanted = typed.trim().toLowerCase();
  return (
    words.toLowerCase().includes(wanted) ||
    keys.some((key) => showKeys(key).toLowerCase().includes(wanted))
  );
}
