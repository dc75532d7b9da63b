/** What categories are called in the language that the window speaks. */
import type { Category, PhotoTag } from "../backend/dto";
import { speech } from "../i18n/i18n.svelte";

/** Its name in that language, where it has one, or else the name that it is asked for by. */
export function nameOf({ name, names }: Pick<Category, "name" | "names">): string {
  return names[speech.language] ?? name;
}

/** The same for a tag of a photo, of which only the category knows. */
export function nameOfTag(tag: PhotoTag, categories: readonly Category[]): string {
  const category = categories.find(({ id }) => id === tag.category);
  return category ? nameOf(category) : tag.name;
}
