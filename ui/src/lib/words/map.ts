/** Words for the map of the library. */
import type { MapCluster } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { percent } from "./format";

export function makingWords(progress: number): string {
  return progress > 0 ? t("map.makingSoFar", { percent: percent(progress, 1) }) : t("map.making");
}

/** A cluster in the list, for who does not see the map. */
export function clusterName({ name }: MapCluster): string {
  return name === "" ? t("map.unnamed") : name;
}
