/** Categories and photos of them for tests. */
import type { Category, ReviewPhoto } from "../lib/backend/dto";

export function category(id: string, change: Partial<Category> = {}): Category {
  return {
    id,
    name: id.charAt(0).toUpperCase() + id.slice(1),
    names: {},
    parent: null,
    prompts: ["one", "two"],
    synonyms: [],
    exclusive: false,
    heading: false,
    hidden: false,
    origin: "bundled",
    suggests: true,
    tagged: 0,
    suggested: 0,
    rejected: 0,
    learned: false,
    ...change,
  };
}

export function reviewed(id: number, change: Partial<ReviewPhoto> = {}): ReviewPhoto {
  return {
    id,
    path: `/home/anna/Pictures/IMG_${id}.jpg`,
    aspect: 1.5,
    version: 0,
    color: 0x808080,
    confidence: 0.9,
    decision: null,
    offline: false,
    ...change,
  };
}
