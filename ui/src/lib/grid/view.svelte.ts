/**
 * The window onto a grid of photos: the layout of all of them, which are near enough to be made,
 * and where a key leads. It knows the scroll position as a number; the element that scrolls is the
 * component's.
 */
import type { Listing } from "../backend/listing";
import type { Arrangement } from "../layout/layout.svelte";
import { groupsOf, groupWords } from "./groups";
import { justify, middle, nearestInRow, rowAt, rowOf, sectionAt, type Layout } from "./justify";
import { squares } from "./squares";
import { Thumbnails, type Seen } from "./thumbnails.svelte";

/** What the grid shows. */
export interface GridPhotos {
  listing: Listing;
  /** How many photos at the start are firm matches; null where all stand alike. */
  firm: number | null;
  weakShown: boolean;
  /** In the order of dates, and grouped by them. */
  byTime: boolean;
  /** The height that rows are near to, as the person chose it; else the usual one. */
  rowHeight?: number;
  arrangement?: Arrangement;
}

/** Pixels, as the tokens give them. */
export interface GridMetrics {
  /** The height that rows are near to where nobody chose another, and the most they may have. */
  rowHeight: number;
  mostHeight: number;
  gap: number;
  /** Height of the line before the weaker matches. */
  head: number;
  /** Height of the line with a date. */
  date: number;
  /** Height of what lies over the lower edge while photos are chosen. */
  bar: number;
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
  /** Its photos, by index: from the first up to, and without, the last. */
  start: number;
  end: number;
}

/** The photo that keeps its place, and how far above it the window begins. */
interface Anchor {
  id: number;
  offset: number;
  /** Of its row, when that was measured. */
  rowHeight: number;
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
const NO_METRICS: GridMetrics = {
  rowHeight: 1,
  mostHeight: 1,
  gap: 0,
  head: 0,
  date: 0,
  bar: 0,
};

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

  /** Something lies over the lower edge. */
  covered = $state(false);
  /** Which thumbnails may be asked for now. */
  readonly thumbnails: Thumbnails;

  #photos: () => GridPhotos;
  #painted: boolean;
  /** What was made last, for which layout. */
  #keptTiles: { layout: Layout; tiles: readonly GridTile[] } | null = null;
  #keptHeads: { layout: Layout; heads: readonly GridHead[] } | null = null;
  /** The tile of each slot. */
  #made: GridTile[] = [];
  #pool = 0;
  #anchor: Anchor | null = null;
  #scrolledAt = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #fade: ReturnType<typeof setTimeout> | undefined;

  /** Where `painted`, what is rushed past is seen otherwise, and the tiles stay as they are. */
  constructor(photos: () => GridPhotos, painted = false) {
    this.#photos = photos;
    this.#painted = painted;
    this.thumbnails = new Thumbnails(
      () => this.tiles,
      () => this.#seen,
      (index) => photos().listing.ids[index],
    );
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
    const { gap, head, date } = this.metrics ?? NO_METRICS;
    const shown = weakShown || firm === null ? listing.count : firm;
    const sections = this.groups?.starts.map((start) => ({ start, head: date })) ?? [
      { start: 0, head: 0 },
    ];
    if (this.weak > 0 && firm !== null) sections.push({ start: firm, head });
    const count = this.metrics === null ? 0 : shown;
    const size = { width: this.width, rowHeight: this.#rowHeight, gap };
    return this.#square
      ? squares(count, sections, size)
      : justify(listing.aspects, count, sections, size);
  });

  readonly #square = $derived.by(() => this.#photos().arrangement === "squares");

  readonly #rowHeight = $derived.by(() => {
    const { rowHeight, mostHeight } = this.metrics ?? NO_METRICS;
    return Math.min(mostHeight, this.#photos().rowHeight ?? rowHeight);
  });

  /** The first and last section near the window. */
  readonly #fromHead = $derived.by(() => sectionAt(this.layout, this.#upper));
  readonly #toHead = $derived.by(() => sectionAt(this.layout, this.#lower));

  /** The lines with dates whose photos are near the window. */
  readonly heads = $derived.by((): readonly GridHead[] => {
    const { layout, groups } = this;
    if (this.#painted && this.rushing && this.#keptHeads?.layout === layout) {
      return this.#keptHeads.heads;
    }
    if (groups === null || layout.rows === 0) return [];
    const { times } = this.#photos().listing;
    const from = this.#fromHead;
    const heads = groups.starts.slice(from, this.#toHead + 1).map((start, i) => {
      const top = layout.headTop[from + i] ?? 0;
      const end = layout.headTop[from + i + 1] ?? layout.height;
      return {
        words: groupWords(groups.unit, times[start] ?? 0),
        top,
        height: end - top,
        start,
        end: Math.min(layout.count, groups.starts[from + i + 1] ?? layout.count),
      };
    });
    this.#keptHeads = { layout, heads };
    return heads;
  });

  /** Whether the photos that have come end soon below the window. */
  readonly nearEnd = $derived.by(
    () => this.scrollTop + this.height * (1 + AHEAD) >= this.layout.height,
  );

  /** What is made reaches from here to there, in pixels of the page. */
  get #upper(): number {
    return this.scrollTop - this.height * OVERSCAN;
  }

  get #lower(): number {
    return this.scrollTop + this.height * (1 + OVERSCAN);
  }

  readonly #fromRow = $derived.by(() => rowAt(this.layout, this.#upper));
  readonly #toRow = $derived.by(() => rowAt(this.layout, this.#lower));

  /** The rows in the window. Other numbers only: scrolling within a row changes nothing. */
  readonly #firstSeen = $derived.by(() => rowAt(this.layout, this.scrollTop));
  readonly #lastSeen = $derived.by(() => rowAt(this.layout, this.scrollTop + this.height));

  get #seen(): Seen {
    return { first: this.#firstSeen, last: this.#lastSeen };
  }

  /** The photos near the window, in order. */
  readonly tiles = $derived.by((): readonly GridTile[] => {
    const { layout } = this;
    if (this.#painted && this.rushing && this.#keptTiles?.layout === layout) {
      return this.#keptTiles.tiles;
    }
    if (layout.rows === 0) return [];
    const firstRow = this.#fromRow;
    const from = layout.rowStart[firstRow] ?? 0;
    const to = layout.rowStart[this.#toRow + 1] ?? layout.count;
    this.#pool = Math.max(this.#pool, Math.ceil((to - from) / POOL_STEP) * POOL_STEP);
    const tiles: GridTile[] = [];
    for (let row = firstRow, index = from; index < to; index++) {
      while (index >= (layout.rowStart[row + 1] ?? Infinity)) row++;
      tiles.push(this.#tile(index, row));
    }
    this.#keptTiles = { layout, tiles };
    return tiles;
  });

  /** The same tile for the same place, so that what did not move is not looked at again. */
  #tile(index: number, row: number): GridTile {
    const slot = index % this.#pool;
    const made = this.#made[slot];
    if (made?.index === index && made.row === row) return made;
    const tile = { index, row, slot };
    this.#made[slot] = tile;
    return tile;
  }

  /** The first photo of the row at the window's upper edge. */
  readonly first = $derived.by(() => this.layout.rowStart[rowAt(this.layout, this.scrollTop)] ?? 0);

  /** The window has been scrolled; `now` in milliseconds. */
  scrolled(top: number, now: number): void {
    const seconds = Math.max(1, now - this.#scrolledAt) / 1000;
    const windows = Math.abs(top - this.scrollTop) / Math.max(1, this.height);
    this.rushing = windows / seconds > RUSH_WINDOWS_PER_SECOND;
    this.moving = true;
    this.#scrolledAt = now;
    // Where the window was put, and told so, the photo that keeps its place stays the same.
    if (top !== this.scrollTop) this.place(top);
    this.stop();
    this.#settle = setTimeout(() => (this.rushing = false), SETTLE_MS);
    this.#fade = setTimeout(() => (this.moving = false), LABEL_MS);
  }

  /** The window stands at `top`; remembers the photo there. */
  place(top: number): void {
    this.scrollTop = top;
    const { layout, first } = this;
    const id = this.#photos().listing.ids[first];
    const row = this.#firstSeen;
    const rowHeight = layout.rowHeight[row] ?? 1;
    const offset = top - (layout.rowTop[row] ?? 0);
    this.#anchor = id === undefined ? null : { id, offset, rowHeight };
  }

  /** The window was put to `top` so that its photo keeps its place, which is so remembered. */
  settle(top: number): void {
    this.scrollTop = top;
  }

  /**
   * Where to scroll so that the photo at the upper edge stays there after the layout has changed
   * around it: on a new width or size, or when photos have come or gone. Null where that asks for
   * nothing.
   */
  get anchoredTop(): number | null {
    if (this.#anchor === null || this.scrollTop === 0) return null;
    const { id, offset, rowHeight } = this.#anchor;
    const { layout } = this;
    const index = this.#photos().listing.ids.indexOf(id);
    if (index < 0 || index >= layout.count) return null;
    const row = rowOf(layout, index);
    // The same part of the photo, of whatever size it is now; the gap below it does not grow.
    const share = offset <= rowHeight ? (layout.rowHeight[row] ?? 1) / rowHeight : 1;
    return (layout.rowTop[row] ?? 0) + offset * share;
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
    const below = this.height - (this.covered ? (this.metrics?.bar ?? 0) : 0);
    if (bottom > this.scrollTop + below) return bottom - below + gap;
    return null;
  }

  /** The photo that a key leads to from the one at `index`; null for other keys. */
  destination(key: string, index: number): number | null {
    const { layout, metrics, height } = this;
    const gap = metrics?.gap ?? 0;
    const inside = (to: number): number => Math.max(0, Math.min(layout.count - 1, to));
    const rows = (by: number): number => {
      const row = Math.max(0, Math.min(layout.rows - 1, rowOf(layout, index) + by));
      return nearestInRow(layout, row, middle(layout, index));
    };
    const page = Math.max(1, Math.floor(height / (this.#rowHeight + gap)));
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
        mostHeight: size("--grid-row-most"),
        gap: size("--grid-gap"),
        head: size("--grid-head"),
        date: size("--grid-date"),
        bar: size("--grid-bar-room"),
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
