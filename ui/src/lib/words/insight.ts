/** Words for the figures of the vectors. */
import type { Insight } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";

/** `starter · 12,000 vectors of 512 numbers`. */
export function vectorWords({ model, vectors, dim }: Insight): string {
  return t("insight.vectors", { model, count: vectors, dim });
}
