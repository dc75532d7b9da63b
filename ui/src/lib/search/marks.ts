/** The text of a query cut into what its pieces and problems are, to be drawn. */
import type { PieceKind, Problem, Reading } from "../backend/dto";

/** A stretch of the text that is one piece, or lies between pieces. */
export interface Run {
  /** Null between pieces. */
  kind: PieceKind | null;
  parts: Part[];
}

export interface Part {
  text: string;
  /** Which of the reading's problems stands here; null for none. */
  problem: number | null;
}

export const UNREAD: Reading = { pieces: [], problems: [] };

/** Where a problem is seen: where it has no length, on the character before it. */
export function placeOf({ from, to }: Problem): { from: number; to: number } | null {
  if (from === null || to === null) return null;
  if (to > from) return { from, to };
  return from > 0 ? { from: from - 1, to: from } : { from: 0, to: 1 };
}

/** The whole text, in order. Positions beyond its end are cut off. */
export function runsOf(text: string, { pieces, problems }: Reading): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const add = (to: number, kind: PieceKind | null): void => {
    if (to <= at) return;
    runs.push({ kind, parts: partsOf(text, at, to, problems) });
    at = to;
  };
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    add(Math.min(piece.from, text.length), null);
    add(Math.min(piece.to, text.length), piece.kind);
  }
  add(text.length, null);
  return runs;
}

function partsOf(text: string, from: number, to: number, problems: readonly Problem[]): Part[] {
  const places = problems.map(placeOf);
  const cuts = places.flatMap((place) => (place ? [place.from, place.to] : []));
  const inside = cuts.filter((cut) => cut > from && cut < to).sort((a, b) => a - b);
  const parts: Part[] = [];
  let at = from;
  for (const end of [...inside, to]) {
    if (end === at) continue;
    const problem = places.findIndex((place) => place && place.from <= at && place.to >= end);
    parts.push({ text: text.slice(at, end), problem: problem < 0 ? null : problem });
    at = end;
  }
  return parts;
}

/** The problem that the caret stands in or at an edge of; -1 for none. */
export function problemAt({ problems }: Reading, caret: number): number {
  return problems.findIndex((problem) => {
    const place = placeOf(problem);
    return place !== null && place.from <= caret && caret <= place.to;
  });
}

/**
 * A reading of `before` as it most likely reads in `after`, until that has been read: what stands
 * behind the change moves along with the text.
 */
export function moved(reading: Reading, before: string, after: string): Reading {
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same++;
  let tail = 0;
  while (tail < shorter - same && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const by = after.length - before.length;
  const changeEnd = before.length - tail;
  // What is typed at the end of a piece belongs to it, unless it begins with a blank.
  const grows = changeEnd > same || /^\S/.test(after.slice(same));
  const start = (at: number): number => (at >= changeEnd ? at + by : Math.min(at, same));
  const end = (at: number): number =>
    at > changeEnd || (at === changeEnd && grows) ? at + by : Math.min(at, same);
  const within = (at: number): number => Math.max(0, Math.min(after.length, at));
  return {
    pieces: reading.pieces.map(({ from, to, kind }) => ({
      from: within(start(from)),
      to: within(end(to)),
      kind,
    })),
    problems: reading.problems.map(({ from, to, message }) => ({
      from: from === null ? null : within(start(from)),
      to: to === null ? null : within(end(to)),
      message,
    })),
  };
}
