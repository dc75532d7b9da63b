/** What the views of the window are called. */
import type { View } from "../session.svelte";

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  photos: "Photos",
  duplicates: "Duplicates",
  review: "Review",
  rejected: "Rejected suggestions",
  map: "Map",
  insight: "Insight",
};
