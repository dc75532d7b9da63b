/** Words for what is left out of a folder, in short. */
import type { Exclusions } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { fileSize } from "./format";

/** What the person has chosen to leave out; empty where that is nothing. */
export function leftOutWords({ patterns, minBytes }: Exclusions): string {
  const parts = [
    patterns.length === 0 ? null : t("settings.leftOutPatterns", { count: patterns.length }),
    minBytes === 0 ? null : t("settings.leftOutSmall", { size: fileSize(minBytes) }),
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
