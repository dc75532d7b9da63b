/** The order of an answer, as the `sort:` in its query says it. */
import type { Piece, Reading } from "../backend/dto";

export type Order = "best" | "newest" | "oldest" | "added";

/** What is put for an order; the best first needs no word where there is something to rank by. */
const SORT: Readonly<Record<Order, string>> = {
  best: "",
  newest: "sort:date",
  oldest: "sort:oldest",
  added: "sort:added",
};

/** Whether a query ranks photos, and does not only filter them. */
export function ranks({ pieces }: Reading): boolean {
  return pieces.some(({ kind }) => kind === "words" || kind === "excluded" || kind === "example");
}

/** The order that a query asks for. */
export function orderOf(text: string, reading: Reading, ranked: boolean): Order {
  const piece = reading.pieces.find(({ kind }) => kind === "sort");
  if (piece) {
    const { from, to } = whole(text, piece);
    const said = text.slice(from, to).toLowerCase();
    const backwards = said.startsWith("-");
    if (said.endsWith("date")) return backwards ? "oldest" : "newest";
    if (said.endsWith("oldest")) return backwards ? "newest" : "oldest";
    if (said.endsWith("added")) return "added";
  }
  return ranked ? "best" : "newest";
}

/** The query with another order. The rest of the text stays as it is. */
export function ordered(text: string, reading: Reading, order: Order, ranked: boolean): string {
  const usual = order === (ranked ? "best" : "newest");
  let put = usual ? "" : SORT[order];
  let rest = text;
  for (const piece of reading.pieces.filter(({ kind }) => kind === "sort").reverse()) {
    const { from, to } = whole(text, piece);
    const before = rest.slice(0, from).trimEnd();
    const after = rest.slice(to).trimStart();
    rest = [before, put, after].filter((part) => part !== "").join(" ");
    put = "";
  }
  return put === "" ? rest : [rest.trimEnd(), put].filter((part) => part !== "").join(" ");
}

/** A piece with the sign before it. */
function whole(text: string, { from, to }: Piece): { from: number; to: number } {
  return { from: text[from - 1] === "-" ? from - 1 : from, to };
}
