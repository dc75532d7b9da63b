/** Some photos among others, by id. */

/** Whether all of `ids` are chosen, or only some: `mixed`. */
export function amongst(chosen: ReadonlySet<number>, ids: Uint32Array): boolean | "mixed" {
  if (chosen.size === 0 || ids.length === 0) return false;
  const count = ids.reduce((sum, id) => sum + (chosen.has(id) ? 1 : 0), 0);
  if (count === 0) return false;
  return count === ids.length ? true : "mixed";
}

/** All of `ids` beside what is chosen, or where they all are, none of them. */
export function toggledAll(chosen: ReadonlySet<number>, ids: Uint32Array): Set<number> {
  const out = amongst(chosen, ids) === true;
  const after = new Set(chosen);
  for (const id of ids) {
    if (out) after.delete(id);
    else after.add(id);
  }
  return after;
}

/** Of the photos around the one at `index`, the nearest that is still there: those behind it first. */
export function nearestLeft(
  before: Uint32Array,
  index: number,
  there: Uint32Array,
): number | undefined {
  const left = new Set(there);
  return (
    before.subarray(index + 1).find((id) => left.has(id)) ??
    before.subarray(0, index).findLast((id) => left.has(id))
  );
}
