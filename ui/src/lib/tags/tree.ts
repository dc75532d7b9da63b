/**
 * The tree of categories as it is shown: which lines are on view, what a typed name means, and
 * where there is more to review. The categories come depth first, parents before children.
 */
import type { Category } from "../backend/dto";
import { nameOf } from "./names";

/** A line of the tree. */
export interface Branch {
  /** The category's. */
  id: string;
  category: Category;
  /** 0 for a line without a parent. */
  depth: number;
  /** Whether something on view lies under it. */
  unfolds: boolean;
  open: boolean;
  /** Suggestions to review: its own, and of all that is folded away under it. */
  pending: number;
}

/** What the tree is asked for. */
export interface TreeView {
  open: ReadonlySet<string>;
  /** Show what no photo has, too. */
  all: boolean;
}

/** The lines on view, in order. Hidden categories and what is under them are left out. */
export function branches(categories: readonly Category[], { open, all }: TreeView): Branch[] {
  const listed = visible(categories);
  const pending = sums(listed, ({ suggested }) => suggested);
  const alive = sums(listed, ({ tagged, suggested, origin }) =>
    tagged + suggested > 0 || origin === "own" ? 1 : 0,
  );
  const shown = listed.filter(({ id }) => all || (alive.get(id) ?? 0) > 0);
  const parents = new Set(shown.map(({ parent }) => parent));
  const places = new Map<string, { depth: number; open: boolean }>();
  const lines: Branch[] = [];
  for (const category of shown) {
    const over = category.parent === null ? null : places.get(category.parent);
    if (over !== null && !over?.open) continue;
    const depth = over === null ? 0 : over.depth + 1;
    const unfolds = parents.has(category.id);
    const opened = unfolds && open.has(category.id);
    places.set(category.id, { depth, open: opened });
    const waiting = opened ? category.suggested : (pending.get(category.id) ?? 0);
    lines.push({ id: category.id, category, depth, unfolds, open: opened, pending: waiting });
  }
  return lines;
}

/** Those that are not hidden, nor under a hidden one. */
export function visible(categories: readonly Category[]): Category[] {
  const gone = new Set<string>();
  return categories.filter(({ id, parent, hidden }) => {
    if (!hidden && (parent === null || !gone.has(parent))) return true;
    gone.add(id);
    return false;
  });
}

/** A number for each category: its own, and those of all under it. */
function sums(
  categories: readonly Category[],
  own: (category: Category) => number,
): Map<string, number> {
  const sum = new Map<string, number>();
  for (const category of categories.toReversed()) {
    const { id, parent } = category;
    const whole = (sum.get(id) ?? 0) + own(category);
    sum.set(id, whole);
    if (parent !== null) sum.set(parent, (sum.get(parent) ?? 0) + whole);
  }
  return sum;
}

/**
 * The next category with something to review, from this one on and around; from none, the one with
 * the most.
 */
export function nextToReview(
  categories: readonly Category[],
  from: string | null,
): Category | null {
  const listed = visible(categories);
  if (from === null) {
    // One begins where most is to be gained.
    const most = listed.reduce<Category | null>(
      (best, one) => (one.suggested > (best?.suggested ?? 0) ? one : best),
      null,
    );
    return most;
  }
  const at = listed.findIndex(({ id }) => id === from);
  const around = [...listed.slice(at + 1), ...listed.slice(0, Math.max(0, at))];
  return around.find(({ suggested }) => suggested > 0) ?? null;
}

/** What is read from the top down to this category. */
export function pathOf(categories: readonly Category[], id: string): string[] {
  const path: string[] = [];
  const byId = new Map(categories.map((category) => [category.id, category]));
  const seen = new Set<string>();
  for (let at = byId.get(id); at && !seen.has(at.id); at = byId.get(at.parent ?? "")) {
    path.unshift(nameOf(at));
    seen.add(at.id);
  }
  return path;
}

/** The ids of a category and of all under it. */
export function family(categories: readonly Category[], id: string): Set<string> {
  const ids = new Set([id]);
  for (const category of categories) {
    if (category.parent !== null && ids.has(category.parent)) ids.add(category.id);
  }
  return ids;
}

/** A name without case and accents, to compare what is typed with. */
export function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

/** A category that what was typed may mean. */
export interface Match {
  category: Category;
  /** The synonym, or the name in another language, by which it was found; null by the one shown. */
  by: string | null;
}

/**
 * The categories that a typed name may mean, at most `most`: first those that begin with it, by
 * their own names before others, then those with a word that does. A heading is no tag.
 */
export function matches(categories: readonly Category[], typed: string, most: number): Match[] {
  const wanted = folded(typed);
  if (wanted === "") return [];
  const found = visible(categories).flatMap((category) => {
    if (category.heading) return [];
    const shown = nameOf(category);
    const others = [category.name, ...Object.values(category.names), ...category.synonyms].filter(
      (name) => name !== shown,
    );
    const names = [{ name: shown, by: null }, ...others.map((name) => ({ name, by: name }))];
    const ranked = names.flatMap(({ name, by }) => {
      const rank = rankOf(folded(name), wanted);
      return rank === null ? [] : [{ category, by, rank: 2 * rank + (by === null ? 0 : 1) }];
    });
    const best = ranked.sort((a, b) => a.rank - b.rank)[0];
    return best ? [best] : [];
  });
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ category, by }) => ({ category, by }));
}

/** How well a name answers, less being better; null where it does not. */
function rankOf(name: string, wanted: string): number | null {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  return name.split(/[\s-]/).some((word) => word.startsWith(wanted)) ? 2 : null;
}

/** The category of exactly this name, hidden or not. */
export function named(categories: readonly Category[], name: string): Category | null {
  const wanted = folded(name);
  return categories.find((category) => folded(category.name) === wanted) ?? null;
}

/**
 * The category that a typed name is meant for: by its name, or by what it is called in the language
 * of the window.
 */
export function called(categories: readonly Category[], typed: string): Category | null {
  const wanted = folded(typed);
  return (
    named(categories, typed) ??
    categories.find((category) => !category.heading && folded(nameOf(category)) === wanted) ??
    null
  );
}
