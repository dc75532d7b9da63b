/** What the views of the window are called. */
import { t, type MessageKey } from "../i18n/i18n.svelte";
import type { View } from "../session.svelte";

const NAMES = {
  photos: "shell.photos",
  duplicates: "shell.duplicates",
  review: "shell.review",
  rejected: "shell.rejected",
  map: "shell.map",
  insight: "shell.insight",
} as const satisfies Record<View, MessageKey>;

export function viewName(view: View): string {
  return t(NAMES[view]);
}
