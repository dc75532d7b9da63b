/** Photos as squares of one size, side by side, as many to a row as come nearest to a height. */
import type { Layout, LayoutOptions, Section } from "./justify";

/** Lays out the first `count` photos. Sections come in order, the first starting at 0. */
export function squares(
  count: number,
  sections: readonly Section[],
  { width, rowHeight: target, gap }: LayoutOptions,
): Layout {
  const gridWidth = Math.max(1, Math.floor(width));
  const columns = Math.max(1, Math.round((gridWidth + gap) / (target + gap)));
  const pitch = (gridWidth + gap) / columns;
  // Edges are rounded from exact ones, so that the last square ends where the grid does.
  const edges = Array.from({ length: columns + 1 }, (_, column) => Math.round(column * pitch));
  const height = Math.max(1, Math.round(pitch) - gap);

  const rowStart: number[] = [];
  const rowTop: number[] = [];
  const left = new Uint16Array(count);
  const widths = new Uint16Array(count);
  const headTop: number[] = [];
  let top = 0;
  sections.forEach(({ start, head }, s) => {
    headTop.push(top);
    top += head;
    const end = Math.min(count, sections[s + 1]?.start ?? count);
    for (let i = start; i < end; i++) {
      const column = (i - start) % columns;
      if (column === 0) {
        rowStart.push(i);
        rowTop.push(top);
        top += height + gap;
      }
      const x = edges[column] ?? 0;
      left[i] = x;
      widths[i] = Math.max(1, (edges[column + 1] ?? 0) - gap - x);
    }
  });

  const rows = rowStart.length;
  const lastHeadIsBottom = (sections.at(-1)?.start ?? 0) >= count;
  return {
    count,
    rows,
    rowStart: Uint32Array.from([...rowStart, count]),
    rowTop: Uint32Array.from(rowTop),
    rowHeight: new Uint16Array(rows).fill(height),
    left,
    width: widths,
    headTop,
    height: Math.max(0, rows > 0 && !lastHeadIsBottom ? top - gap : top),
  };
}
