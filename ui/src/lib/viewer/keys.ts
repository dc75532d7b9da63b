/** What keys do in the viewer. Those that lead on are fixed; all others are the person's. */
import { act } from "../actions/keys";
import type { Session } from "../session.svelte";
import type { ActionId } from "../shortcuts/shortcuts.svelte";
import type { Slideshow } from "./slideshow.svelte";
import type { Point, Zoom } from "./zoom.svelte";

/** How far an arrow moves a photo that is larger than the window, in pixels. */
const PAN_PX = 80;
const ZOOM_STEP = 1.25;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** What the viewer itself has to do. */
export interface ViewerDoing {
  fullScreen: () => void;
  region: () => void;
  similar: () => void;
  /** Whether more or less like the photo can be wanted. */
  refinable: () => boolean;
  /** Goes to where the photo gets a tag; false where that is not in view. */
  tag: () => boolean;
}

export class ViewerKeys {
  readonly #session: Session;
  readonly #zoom: Zoom;
  readonly #show: Slideshow;
  readonly #doing: ViewerDoing;

  constructor(session: Session, zoom: Zoom, show: Slideshow, doing: ViewerDoing) {
    this.#session = session;
    this.#zoom = zoom;
    this.#show = show;
    this.#doing = doing;
  }

  /** A key was pressed while a photo is seen; false where it means nothing here. */
  press(event: KeyboardEvent, photo: number): boolean {
    if (this.#fixed(event)) return true;
    // Space presses a button that was reached by keyboard; one that was clicked leaves it to zoom.
    const { target } = event;
    const onButton = target instanceof HTMLButtonElement && target.matches(":focus-visible");
    if (onButton && (event.key === " " || event.key === "Enter")) return false;
    const action = this.#session.shortcuts.match(event, "viewer", "photos", "window");
    return action !== null && this.#do(action, photo);
  }

  #fixed(event: KeyboardEvent): boolean {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (key === "F11") {
      this.#doing.fullScreen();
      return true;
    }
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return false;
    const { viewer } = this.#session;
    const arrow = ARROWS[key];
    const among = target instanceof Element && target.getAttribute("role") === "listbox";
    if (arrow && !this.#zoom.whole && !among) {
      this.#show.stop();
      this.#zoom.pan(-arrow.x * PAN_PX, -arrow.y * PAN_PX);
      return true;
    }
    const by = arrow ? arrow.x + arrow.y : { PageUp: -1, PageDown: 1 }[key];
    if (by !== undefined) viewer.step(by);
    else if (key === "Home") viewer.goTo(0);
    else if (key === "End") viewer.goTo(viewer.count - 1);
    else return false;
    this.#show.stop();
    return true;
  }

  #do(action: ActionId, photo: number): boolean {
    const { viewer, history } = this.#session;
    const show = this.#show;
    if (action === "actualSize" && show.playing) {
      show.paused = !show.paused;
      return true;
    }
    const playing = show.playing;
    show.stop();
    switch (action) {
      case "actualSize":
        this.#zoom.toggle();
        return true;
      case "larger":
        this.#zoom.by(ZOOM_STEP);
        return true;
      case "smaller":
        this.#zoom.by(1 / ZOOM_STEP);
        return true;
      case "rotate":
        viewer.turn(photo, 1);
        return true;
      case "rotateBack":
        viewer.turn(photo, -1);
        return true;
      case "region":
        this.#doing.region();
        return true;
      case "filmstrip":
        viewer.filmstrip = !viewer.filmstrip;
        return true;
      case "inspector":
        viewer.info = !viewer.info;
        return true;
      case "undo":
        void history.undo();
        return true;
      case "slideshow":
        if (!playing) show.start(photo);
        return true;
      case "similar":
        this.#doing.similar();
        return true;
      case "tag":
        return this.#doing.tag() || act(this.#session, action, [photo], photo);
      case "more":
      case "less":
        return this.#doing.refinable() && act(this.#session, action, [photo], photo);
      default:
        return act(this.#session, action, [photo], photo);
    }
  }
}
