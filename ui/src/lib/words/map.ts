/** Words for the map of the library. */
import type { MapCluster } from "../backend/dto";
import { percent, photos } from "./format";

export function makingWords(progress: number): string {
  return progress > 0
    ? `Laying out your photos: ${percent(progress, 1)}`
    : "Laying out your photos…";
}

export function chosenWords(count: number): string {
  return count === 0 ? "No photo in there" : `${photos(count)} selected`;
}

/** A cluster in the list, for who does not see the map. */
export function clusterName({ name }: MapCluster): string {
  return name === "" ? "Without a name" : name;
}
