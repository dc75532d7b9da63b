import { t } from "../i18n/i18n.svelte";

/** What may be dropped on the window. Nothing can be compared before there is a folder. */
export function dropWords(searchable: boolean): string {
  return t(searchable ? "pictures.dropBoth" : "pictures.dropFolder");
}
