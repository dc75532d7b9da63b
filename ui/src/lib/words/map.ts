/** Words for the map of the library. */
import type { Category, MapCluster } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { nameOf } from "../tags/names";
import { percent } from "./format";

export function makingWords(progress: number): string {
  return progress > 0 ? t("map.makingSoFar", { percent: percent(progress, 1) }) : t("map.making");
}

/** A cluster in the list, for who does not see the map. */
export function clusterName({ name }: MapCluster): string {
  return name === "" ? t("map.unnamed") : name;
}

/** The map with the names of its clusters in the language spoken now. */
export function named<M extends { readonly clusters: readonly MapCluster[] }>(
  map: M,
  categories: readonly Category[],
): M {
  const names = new Map(categories.map((category) => [category.name, nameOf(category)]));
  const nameOfCluster = (name: string): string => {
    const [, number] = /^Group (\d+)$/.exec(name) ?? [];
    return number === undefined ? (names.get(name) ?? name) : t("map.group", { number });
  };
  const clusters = map.clusters.map((one) => ({ ...one, name: nameOfCluster(one.name) }));
  return { ...map, clusters };
}
