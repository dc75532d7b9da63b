/**
 * What the pointer does in the grid: it chooses by clicks and by a frame, opens, drags files out,
 * and asks for the menu. A finger opens by a tap and chooses by a long press.
 */
import type { Session } from "../session.svelte";
import { Band, edgeScroll, framed, type Point } from "./band.svelte";
import { heldWith, type GridChoice } from "./choice.svelte";
import type { GridView } from "./view.svelte";

/** The elements that the pointer moves over. */
export interface GridElements {
  scroller: HTMLElement;
  list: HTMLElement;
}

const LONG_PRESS_MS = 500;
/** A finger that moves farther scrolls. */
const FINGER_SLACK_PX = 10;
/** What takes the pointer for itself. */
const CONTROLS = "button, [role='slider']";

export class GridPointer {
  readonly band = new Band();
  /** The photo under the pointer. */
  pointed = $state<number | null>(null);
  /** Keys were used since the pointer was, so that the photo they start from shows. */
  resting = $state(false);
  /** A button of it, or a finger, is down. */
  pressed = false;

  readonly #session: Session;
  readonly #view: GridView;
  readonly #choice: GridChoice;
  readonly #ids: () => Uint32Array;
  readonly #open: (id: number) => void;
  readonly #elements: () => GridElements;
  #finger = false;
  /** The click that is to come belongs to what the pointer did before. */
  #spent = false;
  #at: Point = { x: 0, y: 0 };
  #press: ReturnType<typeof setTimeout> | undefined;
  #ending: AbortController | null = null;
  /** What comes of it where the pointer moves while it is down. */
  #moved: ((event: PointerEvent) => void) | null = null;

  constructor(
    session: Session,
    view: GridView,
    choice: GridChoice,
    ids: () => Uint32Array,
    open: (id: number) => void,
    elements: () => GridElements,
  ) {
    this.#session = session;
    this.#view = view;
    this.#choice = choice;
    this.#ids = ids;
    this.#open = open;
    this.#elements = elements;
  }

  /** Does what is done over what scrolls; ends with what it returns. */
  follow(): () => void {
    const { scroller } = this.#elements();
    const ending = new AbortController();
    const options = { signal: ending.signal };
    scroller.addEventListener("pointerdown", (event) => this.#down(event), options);
    scroller.addEventListener("pointerover", (event) => this.#over(event), options);
    scroller.addEventListener("pointerleave", () => (this.pointed = null), options);
    scroller.addEventListener("click", (event) => this.#clicked(event), options);
    scroller.addEventListener("dblclick", (event) => this.#double(event), options);
    scroller.addEventListener("dragstart", (event) => this.#drag(event), options);
    scroller.addEventListener("contextmenu", (event) => this.#menu(event), options);
    return () => {
      ending.abort();
      this.#stop();
    };
  }

  #over({ target }: PointerEvent): void {
    // What lies over a photo belongs to it.
    if (target instanceof Element && target.closest(".actions")) return;
    this.pointed = photoAt(target);
  }

  #down(event: PointerEvent): void {
    const { target, button, clientX, clientY } = event;
    this.#stop();
    this.resting = false;
    this.pressed = true;
    this.#begin();
    this.#finger = event.pointerType === "touch";
    this.#spent = false;
    this.#at = { x: clientX, y: clientY };
    if (button !== 0 || !(target instanceof Element) || target.closest(CONTROLS)) return;
    const { scroller } = this.#elements();
    if (clientX >= scroller.getBoundingClientRect().left + scroller.clientWidth) return;
    const photo = photoAt(target);
    const held = heldWith(event);
    if (this.#finger) {
      if (photo !== null) this.#startPress(photo);
    } else if (photo === null || held.control) {
      const kept = held.control || held.shift ? [...this.#session.selection.ids] : [];
      this.#draw(kept);
    }
  }

  #clicked(event: MouseEvent): void {
    const { target } = event;
    if (!(target instanceof Element) || target.closest(CONTROLS)) return;
    if (this.#spent) this.#spent = false;
    else this.#click(photoAt(target), event);
    // Ground has no focus of its own: keys stay with the photos.
    this.#elements().list.focus({ preventScroll: true });
  }

  #click(photo: number | null, event: MouseEvent): void {
    const held = heldWith(event);
    if (photo === null) {
      if (!held.control && !held.shift) this.#choice.clear();
    } else if (!this.#finger) this.#choice.click(photo, held);
    else if (this.#session.selection.count > 0) this.#choice.toggle(photo);
    else this.#open(photo);
  }

  #double(event: MouseEvent): void {
    const photo = photoAt(event.target);
    const { shift, control } = heldWith(event);
    if (photo !== null && !this.#finger && !shift && !control) this.#open(photo);
  }

  /** A photo is dragged: its file is, with those of all that are chosen where it is among them. */
  #drag(event: DragEvent): void {
    event.preventDefault();
    const photo = photoAt(event.target);
    if (photo === null || this.#finger || this.band.frame !== null || heldWith(event).control) {
      return;
    }
    const { actions, selection } = this.#session;
    if (!selection.has(photo)) this.#choice.alone(photo);
    void actions.dragOut(actions.targets(photo));
  }

  #menu(event: MouseEvent): void {
    event.preventDefault();
    const over = event.target instanceof Element && event.target.closest(".actions") !== null;
    const photo = over ? this.pointed : photoAt(event.target);
    if (photo === null || this.#finger) return;
    this.#session.selection.look(photo);
    this.#session.actions.openMenu(photo, event.clientX, event.clientY);
  }

  /** Ends what is under way. */
  #stop(): void {
    clearTimeout(this.#press);
    this.pressed = false;
    this.#moved = null;
    this.#ending?.abort();
    this.#ending = null;
    this.band.end();
  }

  #startPress(photo: number): void {
    const from = this.#at;
    this.#press = setTimeout(() => {
      this.#spent = true;
      this.#choice.toggle(photo);
      this.#stop();
    }, LONG_PRESS_MS);
    this.#moved = (event) => {
      const far = Math.hypot(event.clientX - from.x, event.clientY - from.y);
      if (far > FINGER_SLACK_PX) this.#stop();
    };
  }

  /** Draws a frame; the photos in it are chosen beside those kept. */
  #draw(kept: readonly number[]): void {
    this.band.begin(this.#onPage());
    this.#moved = (event) => {
      const still = this.band.frame === null;
      this.#at = { x: event.clientX, y: event.clientY };
      this.#reach(kept);
      if (still && this.band.frame !== null) this.#scrollAtEdges(kept);
    };
  }

  #reach(kept: readonly number[]): void {
    this.band.reach(this.#onPage());
    const { frame } = this.band;
    if (frame === null) return;
    this.#spent = true;
    const ids = this.#ids();
    const inside = framed(this.#view.layout, frame).map((index) => ids[index] ?? 0);
    this.#choice.frame([...kept, ...inside]);
  }

  #scrollAtEdges(kept: readonly number[]): void {
    if (this.band.frame === null) return;
    const { scroller } = this.#elements();
    const y = this.#at.y - scroller.getBoundingClientRect().top;
    const by = edgeScroll(y, scroller.clientHeight);
    if (by !== 0) {
      scroller.scrollTop += by;
      this.#reach(kept);
    }
    requestAnimationFrame(() => this.#scrollAtEdges(kept));
  }

  /** Follows the pointer until it is up again. */
  #begin(): void {
    const { signal } = (this.#ending = new AbortController());
    const up = (): void => this.#stop();
    window.addEventListener("pointerup", up, { signal });
    window.addEventListener("pointercancel", up, { signal });
    window.addEventListener("pointermove", (event) => this.#moved?.(event), {
      signal,
      passive: true,
    });
  }

  #onPage(): Point {
    const { left, top } = this.#elements().list.getBoundingClientRect();
    return { x: this.#at.x - left, y: this.#at.y - top };
  }
}

function photoAt(target: EventTarget | null): number | null {
  if (!(target instanceof Element)) return null;
  const id = target.closest<HTMLElement>("[data-photo-id]")?.dataset.photoId;
  return id === undefined ? null : Number(id);
}
