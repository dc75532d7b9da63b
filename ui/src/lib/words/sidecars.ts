/** Words for the files that stand beside photos. */
import type { SidecarNaming, SidecarReport } from "../backend/dto";
import { count, number } from "./format";

export const NAMINGS: readonly { naming: SidecarNaming; title: string; about: string }[] = [
  {
    naming: "stem",
    title: "IMG_0001.xmp",
    about: "As Lightroom and Bridge name them. A RAW and its JPEG share one.",
  },
  {
    naming: "full",
    title: "IMG_0001.jpg.xmp",
    about: "As darktable and digiKam name them. Each photo has its own.",
  },
];

export function sidecars(value: number): string {
  return count(value, "sidecar", "sidecars");
}

/** What a dry run found. */
export function previewWords({ planned, same }: SidecarReport): string {
  if (planned === 0 && same === 0)
    return "Nothing to write: no photo has a tag or rating of yours.";
  if (planned === 0) return `Nothing to write: ${sidecars(same)} say it all already.`;
  const rest = same === 0 ? "" : ` ${number(same)} say it all already.`;
  return `${sidecars(planned)} would be written.${rest}`;
}

/** What was done. */
export function writtenWords({ written, same, failed }: SidecarReport): string {
  const parts = [`${sidecars(written)} written.`];
  if (same > 0) parts.push(`${number(same)} said it all already.`);
  if (failed.length > 0) parts.push(`${sidecars(failed.length)} could not be written.`);
  return parts.join(" ");
}

/** What a sidecar gets and loses. */
export function changeWords({ adds, removes }: { adds: string[]; removes: string[] }): string {
  return [
    ...(adds.length > 0 ? [`adds ${adds.join(", ")}`] : []),
    ...(removes.length > 0 ? [`removes ${removes.join(", ")}`] : []),
  ].join("; ");
}
