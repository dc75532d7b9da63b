/**
 * The window onto a grid of photos: the layout of all of them, which are near enough to be made,
 * and where a key leads. It knows the scroll position as a number; the element that scrolls is the
 * component's.
 */
import type { Listing } from "../backend/listing";
import { groupsOf, groupWords } from "./groups";
import { justify, middle, nearestInRow, rowAt, rowOf, sectionAt } from "./justify";

/** What the grid shows. */
export interface GridPhotos {
  listing: Listing;
  /** How many photos at the start are firm matches; null where all stand alike. */
  firm: number | null;
  weakShown: boolean;
  /** In the order of dates, and grouped by them. */
  byTime: boolean;
}

/** Pixels, as the tokens give them. */
export interface GridMetrics {
  rowHeight: number;
  gap: number;
  /** Height of the line before the weaker matches. */
  head: number;
  /** Height of the line with a date. */
  date: number;
}

export interface GridTile {
  index: number;
  row: number;
  /** Stands for a tile that is handed on from photo to photo. */
  slot: number;
}

/** The line over the photos of a day, or of whatever they are grouped by. */
export interface GridHead {
  words: string;
  top: number;
  /** As far as its photos go. */
  height: number;
}

/** Rows kept ready beyond each edge, as a share of the window's height. */
const OVERSCAN = 0.5;
/** How far before the end more photos are wanted, in windows. */
const AHEAD = 3;
/** Scrolling by more than this many windows a second asks for no thumbnails. */
const RUSH_WINDOWS_PER_SECOND = 12;
/** After the last scrolling, or a moment of rest within it. */
const SETTLE_MS = 80;
/** How long after the last scrolling it still says where one is. */
const LABEL_MS = 900;
/** Tiles are made in steps, so that a row more or less changes nothing. */
const POOL_STEP = 16;
const NO_METRICS: GridMetrics = { rowHeight: 1, gap: 0, head: 0, date: 0 };

export class GridView {
  width = $state(0);
  height = $state(0);
  scrollTop = $state(0);
  /** Scrolled too fast for thumbnails to be seen. */
  rushing = $state(false);
  /** Scrolled a moment ago. */
  moving = $state(false);
  /** Nothing is laid out before these are known. */
  metrics = $state.raw<GridMetrics | null>(null);

  #photos: () => GridPhotos;
  #pool = 0;
  #anchor: { id: number; offset: number } | null = null;
  #scrolledAt = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #fade: ReturnType<typeof setTimeout> | undefined;

  constructor(photos: () => GridPhotos) {
    this.#photos = photos;
  }

  /** Number of photos behind the fold, open or not, come or not; 0 where there is none. */
  readonly weak = $derived.by(() => {
    const { listing, firm } = this.#photos();
    const firmInAll = listing.strong + listing.likely;
    return firm === null || firm < firmInAll ? 0 : Math.max(listing.count, listing.total) - firm;
  });

  /** By what the photos are grouped; null where they are not. */
  readonly groups = $derived.by(() => {
    const { listing, byTime } = this.#photos();
    return byTime ? groupsOf(listing.times) : null;
  });

  readonly layout = $derived.by(() => {
    const { listing, firm, weakShown } = this.#photos();
    const { rowHeight, gap, head, date } = this.metrics ?? NO_METRICS;
    const shown = weakShown || firm === null ? listing.count : firm;
    const sections = this.groups?.starts.map((start) => ({ start, head: date })) ?? [
      { start: 0, head: 0 },
    ];
    if (this.weak > 0 && firm !== null) sections.push({ start: firm, head });
    return justify(listing.aspects, this.metrics === null ? 0 : shown, sections, {
      width: this.width,
      rowHeight,
      gap,
    });
  });

  /** The lines with dates whose photos are near the window. */
  readonly heads = $derived.by((): GridHead[] => {
    const { layout, groups } = this;
    if (groups === null || layout.rows === 0) return [];
    const { times } = this.#photos().listing;
    const from = sectionAt(layout, this.scrollTop - this.height * OVERSCAN);
    const to = sectionAt(layout, this.scrollTop + this.height * (1 + OVERSCAN));
    return groups.starts.slice(from, to + 1).map((start, i) => {
      const top = layout.headTop[from + i] ?? 0;
      const end = layout.headTop[from + i + 1] ?? layout.height;
      return { words: groupWords(groups.unit, times[start] ?? 0), top, height: end - top };
    });
  });

  /** Whether the photos that have come end soon below the window. */
  readonly nearEnd = $derived.by(
    () => this.scrollTop + this.height * (1 + AHEAD) >= this.layout.height,
  );

  /** The photos near the window, in order. */
  readonly tiles = $derived.by(() => {
    const { layout } = this;
    if (layout.rows === 0) return [];
    const firstRow = rowAt(layout, this.scrollTop - this.height * OVERSCAN);
    const lastRow = rowAt(layout, this.scrollTop + this.height * (1 + OVERSCAN));
    const from = layout.rowStart[firstRow] ?? 0;
    const to = layout.rowStart[lastRow + 1] ?? layout.count;
    this.#pool = Math.max(this.#pool, Math.ceil((to - from) / POOL_STEP) * POOL_STEP);
    const tiles: GridTile[] = [];
    for (let row = firstRow, index = from; index < to; index++) {
      while (index >= (layout.rowStart[row + 1] ?? Infinity)) row++;
      tiles.push({ index, row, slot: index % this.#pool });
    }
    return tiles;
  });

  /** The first photo of the row at the window's upper edge. */
  readonly first = $derived.by(() => this.layout.rowStart[rowAt(this.layout, this.scrollTop)] ?? 0);

  /** The window has been scrolled; `now` in milliseconds. */
  scrolled(top: number, now: number): void {
    const seconds = Math.max(1, now - this.#scrolledAt) / 1000;
    const windows = Math.abs(top - this.scrollTop) / Math.max(1, this.height);
    this.rushing = windows / seconds > RUSH_WINDOWS_PER_SECOND;
    this.moving = true;
    this.#scrolledAt = now;
    this.place(top);
    this.stop();
    this.#settle = setTimeout(() => (this.rushing = false), SETTLE_MS);
    this.#fade = setTimeout(() => (this.moving = false), LABEL_MS);
  }

  /** The window stands at `top`; remembers the photo there. */
  place(top: number): void {
    this.scrollTop = top;
    const id = this.#photos().listing.ids[this.first];
    const rowTop = this.layout.rowTop[rowAt(this.layout, top)] ?? 0;
    this.#anchor = id === undefined ? null : { id, offset: top - rowTop };
  }

  /**
   * Where to scroll so that the photo at the upper edge stays there after the layout has changed
   * around it: on a new width, or when photos have come or gone. Null where that asks for nothing.
   */
  get anchoredTop(): number | null {
    if (this.#anchor === null || this.scrollTop === 0) return null;
    const index = this.#photos().listing.ids.indexOf(this.#anchor.id);
    if (index < 0 || index >= this.layout.count) return null;
    return (this.layout.rowTop[rowOf(this.layout, index)] ?? 0) + this.#anchor.offset;
  }

  /** Where to scroll to see the photo whole; null where it is. */
  topToSee(index: number): number | null {
    if (index < 0 || index >= this.layout.count) return null;
    const row = rowOf(this.layout, index);
    const gap = this.metrics?.gap ?? 0;
    const top = this.layout.rowTop[row] ?? 0;
    const bottom = top + (this.layout.rowHeight[row] ?? 0);
    // The date stays at the upper edge, over the photos.
    const covered = this.groups === null ? 0 : (this.metrics?.date ?? 0);
    if (top < this.scrollTop + covered) return Math.max(0, top - covered - gap);
    if (bottom > this.scrollTop + this.height) return bottom - this.height + gap;
    return null;
  }

  /** The photo that a key leads to from the one at `index`; null for other keys. */
  destination(key: string, index: number): number | null {
    const { layout, metrics, height } = this;
    const inside = (to: number): number => Math.max(0, Math.min(layout.count - 1, to));
    const rows = (by: number): number => {
      const row = Math.max(0, Math.min(layout.rows - 1, rowOf(layout, index) + by));
      return nearestInRow(layout, row, middle(layout, index));
    };
    const page = metrics ? Math.max(1, Math.floor(height / (metrics.rowHeight + metrics.gap))) : 1;
    switch (key) {
      case "ArrowLeft":
        return inside(index - 1);
      case "ArrowRight":
        return inside(index + 1);
      case "ArrowUp":
        return rows(-1);
      case "ArrowDown":
        return rows(1);
      case "PageUp":
        return rows(-page);
      case "PageDown":
        return rows(page);
      case "Home":
        return 0;
      case "End":
        return inside(layout.count - 1);
      default:
        return null;
    }
  }

  /** Keeps in step with the size of what scrolls, and of the list in it; ends with what it returns. */
  follow(scroller: HTMLElement, list: HTMLElement): () => void {
    const measure = (): void => {
      const style = getComputedStyle(document.documentElement);
      const size = (token: string): number => parseFloat(style.getPropertyValue(token)) || 0;
      this.width = list.clientWidth;
      this.height = scroller.clientHeight;
      this.metrics = {
        rowHeight: size("--grid-row"),
        gap: size("--grid-gap"),
        head: size("--grid-head"),
        date: size("--grid-date"),
      };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scroller);
    return () => {
      observer.disconnect();
      this.stop();
    };
  }

  stop(): void {
    clearTimeout(this.#settle);
    clearTimeout(this.#fade);
  }
}
