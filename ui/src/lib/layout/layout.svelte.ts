/** How the person has arranged the window. All of it is remembered. */
import { recall, remember } from "../remember";
import { joined, named, toggled } from "../toggled";

export type Theme = "system" | "light" | "dark";
export type Arrangement = "justified" | "squares";

/** Pixels. */
export const SIDEBAR = { least: 180, usual: 232, most: 420 } as const;
export const INSPECTOR = { least: 240, usual: 300, most: 520 } as const;
export const ROW = { least: 96, usual: 200, most: 360 } as const;

/** A column at the side of the window. */
export class Panel {
  #name: string;
  #bounds: { least: number; most: number };
  #open: boolean;
  #width: number;

  constructor(name: string, open: boolean, bounds: { least: number; usual: number; most: number }) {
    this.#name = name;
    this.#bounds = bounds;
    this.#open = $state(flag(`${name}.open`, open));
    this.#width = $state(within(bounds, amount(`${name}.width`, bounds.usual)));
  }

  get open(): boolean {
    return this.#open;
  }

  set open(open: boolean) {
    this.#open = open;
    remember(`${this.#name}.open`, open ? "yes" : "no");
  }

  /** Pixels; kept within bounds. */
  get width(): number {
    return this.#width;
  }

  set width(width: number) {
    this.#width = within(this.#bounds, width);
    remember(`${this.#name}.width`, String(this.#width));
  }

  get least(): number {
    return this.#bounds.least;
  }

  get most(): number {
    return this.#bounds.most;
  }
}

export class Layout {
  readonly sidebar = new Panel("sidebar", true, SIDEBAR);
  readonly inspector = new Panel("inspector", false, INSPECTOR);

  #rowHeight = $state(within(ROW, amount("rowHeight", ROW.usual)));
  #arrangement = $state<Arrangement>(recall("arrangement") === "squares" ? "squares" : "justified");
  #theme = $state<Theme>(themeOf(recall("theme")));
  #scores = $state(flag("scores", false));
  #folded = $state.raw<ReadonlySet<string>>(named(recall("folded")));

  /** Pixels that a row of photos is high, about. */
  get rowHeight(): number {
    return this.#rowHeight;
  }

  set rowHeight(pixels: number) {
    this.#rowHeight = within(ROW, pixels);
    remember("rowHeight", String(this.#rowHeight));
  }

  get arrangement(): Arrangement {
    return this.#arrangement;
  }

  set arrangement(arrangement: Arrangement) {
    this.#arrangement = arrangement;
    remember("arrangement", arrangement);
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    remember("theme", theme);
  }

  /** Show scores on the photos. */
  get scores(): boolean {
    return this.#scores;
  }

  set scores(on: boolean) {
    this.#scores = on;
    remember("scores", on ? "yes" : "no");
  }

  /** Whether a section of a column is folded. */
  folded(section: string): boolean {
    return this.#folded.has(section);
  }

  fold(section: string, on: boolean): void {
    this.#folded = toggled(this.#folded, section, on);
    remember("folded", joined(this.#folded));
  }
}

function flag(name: string, otherwise: boolean): boolean {
  const recalled = recall(name);
  return recalled === null ? otherwise : recalled === "yes";
}

function amount(name: string, otherwise: number): number {
  const value = Number(recall(name) ?? otherwise);
  return Number.isFinite(value) ? value : otherwise;
}

function within({ least, most }: { least: number; most: number }, value: number): number {
  return Math.max(least, Math.min(most, Math.round(value)));
}

function themeOf(recalled: string | null): Theme {
  return recalled === "light" || recalled === "dark" ? recalled : "system";
}
