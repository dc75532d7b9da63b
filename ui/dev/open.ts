/**
 * Brings the window into the state that the address of the development server describes, once it
 * has a made-up backend. Behind what `fakeAddress.ts` reads:
 *
 * - `lang`: `en` or `de`; `theme`: `dark` or `light`; `inspector=1` and `sidebar=0`: which columns
 *   are open; `squares=1`, `scores=1`
 * - `open`: steps with commas between, one after the other, each `WHAT` or `WHAT:ARGUMENT`; photos
 *   are numbers with dots between. `STEPS` says what there is.
 *
 * When all is done, `data-state` of the page's root is `open`, or what went wrong.
 */
import { tick } from "svelte";

import { says } from "../src/lib/backend/backend";
import type { DuplicateKind, ReviewOf } from "../src/lib/backend/dto";
import { speech, type LanguageChoice } from "../src/lib/i18n/i18n.svelte";
import type { Theme } from "../src/lib/layout/layout.svelte";
import type { Session, View } from "../src/lib/session.svelte";
import type { Section } from "../src/lib/settings/settings.svelte";
import { partsOf } from "../src/lib/shortcuts/keys";
import { states } from "./states";

/** So long a step waits for what it needs. */
const PATIENCE_MS = 4000;

type Step = (session: Session, argument: string) => unknown;

const ids = (argument: string): number[] => argument.split(".").map(Number);

const STEPS: Readonly<Record<string, Step>> = {
  view: (session, view) => (session.view = view as View),
  ask: (session, query) => session.ask(query),
  like: ({ search }, photos) => ids(photos).forEach((photo) => search.say(photo, true)),
  unlike: ({ search }, photos) => ids(photos).forEach((photo) => search.say(photo, false)),
  similar: (session, photo) => session.findSimilar(Number(photo), `IMG_${photo}.jpg`),
  more: ({ search }) => search.more(),
  select: ({ selection }, photos) => {
    selection.set(ids(photos));
    selection.look(ids(photos)[0] ?? 0);
  },
  viewer: ({ viewer }, photo) => viewer.open(Number(photo)),
  slideshow: ({ viewer }, photo) => viewer.play(Number(photo)),
  compare: ({ actions }, photos) => (actions.comparing = ids(photos)),
  menu: ({ actions }, photo) => actions.openMenu(Number(photo), 420, 160),
  export: ({ actions }, photos) => actions.export(ids(photos)),
  tag: ({ actions }, photos) => (actions.tagging = ids(photos)),
  trash: ({ actions }, photos) => actions.trash(ids(photos)),
  settings: ({ settings }, section) => settings.show(section as Section),
  category: ({ tags }, id) => tags.edit(id === "" ? null : tags.get(id)),
  allTags: ({ tags }) => tags.showAll(true),
  review: (session, category) => session.reviewCategory(category),
  list: ({ review }, of) => review.show(of as ReviewOf),
  decide: ({ review }, times) => {
    for (let i = 0; i < Number(times); i++) review.decide("confirmed");
  },
  duplicates: ({ duplicates }, kind) => duplicates.show(kind as DuplicateKind),
  askToMove: ({ duplicates }) => duplicates.ask(duplicates.shown ?? []),
  move: ({ duplicates }) => void duplicates.confirm(),
  unmoved: ({ duplicates }) => {
    const reason = says("another file is at its place now: move that one first");
    duplicates.unmoved = [1, 2, 3].map((photo) => ({
      photo,
      path: `/home/anna/Pictures/2024/IMG_${photo}.jpg`,
      reason,
    }));
  },
  mapProgress: ({ map }, share) => map.follow(Number(share)),
  cluster: ({ map }, cluster) => map.showCluster(Number(cluster)),
  outdated: ({ map }) => map.changed(),
  notice: ({ notices }) =>
    notices.done("3 photos are in the trash.", { words: "Undo", run: () => undefined }),
  failure: ({ notices }) =>
    notices.failed("The files could not be moved.", {
      code: "failed",
      message: "/home/anna/Pictures/2024/IMG_1.jpg is read-only: allow writing, then try again",
    }),
  drag: (session) => (session.dragging = true),
  click: async (_, testid) => (await found(testid)).click(),
  context: async (_, testid) => {
    const event = { bubbles: true, cancelable: true, clientX: 420, clientY: 160 };
    (await found(testid)).dispatchEvent(new MouseEvent("contextmenu", event));
  },
  focus: async (_, testid) => (await found(testid)).focus(),
  type: (_, text) => {
    const field = document.activeElement;
    if (!(field instanceof HTMLInputElement)) throw new Error("no field has the focus");
    field.value = text;
    field.setSelectionRange(text.length, text.length);
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
  },
  key: (_, keys) => {
    const target = document.activeElement ?? document.body;
    const parts = partsOf(keys);
    const key = parts.at(-1) ?? "";
    const held = { ctrlKey: parts.includes("Ctrl"), shiftKey: parts.includes("Shift") };
    const event = { key, ...held, bubbles: true, cancelable: true };
    target.dispatchEvent(new KeyboardEvent("keydown", event));
  },
  wait: (_, milliseconds) => new Promise((done) => setTimeout(done, Number(milliseconds))),
};

/** Shows the window as the address wants it, and goes its steps. */
export async function openFromAddress(session: Session, address: URLSearchParams): Promise<void> {
  const root = document.documentElement;
  Object.assign(window, { afterimage: { session, states } });
  try {
    dress(session, address);
    await eventually(() => session.library.overview ?? session.library.failure);
    await rest();
    for (const step of (address.get("open") ?? "").split(",").filter((one) => one !== "")) {
      const [name = "", argument = ""] = step.split(/:(.*)/s);
      const go = STEPS[name];
      if (!go) throw new Error(`there is no step ${name}`);
      await go(session, argument);
      await rest();
    }
    root.dataset.state = "open";
  } catch (thrown) {
    root.dataset.state = String(thrown);
  }
}

function dress(session: Session, address: URLSearchParams): void {
  const { layout } = session;
  const language = address.get("lang");
  if (language !== null) speech.choice = language as LanguageChoice;
  const theme = address.get("theme");
  if (theme !== null) layout.theme = theme as Theme;
  const inspector = address.get("inspector");
  if (inspector !== null) layout.inspector.open = inspector === "1";
  const sidebar = address.get("sidebar");
  if (sidebar !== null) layout.sidebar.open = sidebar === "1";
  if (address.has("squares")) layout.arrangement = "squares";
  if (address.has("scores")) layout.scores = true;
}

async function found(testid: string): Promise<HTMLElement> {
  const query = `[data-testid="${CSS.escape(testid)}"]:not(:disabled)`;
  return eventually(() => document.querySelector<HTMLElement>(query), `no ${testid}`);
}

async function eventually<T>(probe: () => T | null, what = "the library"): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = probe();
    if (value !== null) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await rest();
  }
}

/** Until what was begun is on the screen. */
async function rest(): Promise<void> {
  await tick();
  await new Promise((done) => setTimeout(done, 20));
  await tick();
}
