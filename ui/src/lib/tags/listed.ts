/** The categories as the settings list them: all in a row, narrowed down by what is typed. */
import type { Category } from "../backend/dto";
import { nameOf } from "./names";
import { folded, pathOf } from "./tree";

/** Which categories are listed. */
export type Listed = "all" | "own" | "changed" | "hidden";

/** A category, and the names of what it lies under. */
export interface ListedCategory {
  category: Category;
  over: readonly string[];
}

/** In the order of the tree, hidden ones too; found by all their names and synonyms. */
export function listed(
  categories: readonly Category[],
  which: Listed,
  typed: string,
): ListedCategory[] {
  const wanted = folded(typed);
  return categories
    .filter((category) => belongs(category, which) && answers(category, wanted))
    .map((category) => ({ category, over: pathOf(categories, category.id).slice(0, -1) }));
}

function belongs({ origin, hidden }: Category, which: Listed): boolean {
  if (which === "all") return true;
  return which === "hidden" ? hidden : origin === which;
}

function answers(category: Category, wanted: string): boolean {
  const { name, names, synonyms } = category;
  const all = [nameOf(category), name, ...Object.values(names), ...synonyms];
  return all.some((one) => folded(one).includes(wanted));
}
