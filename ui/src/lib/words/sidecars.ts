/** Words for the files that stand beside photos. */
import type { SidecarExample, SidecarNaming, SidecarReport } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import { said } from "../i18n/said";

/** How they can be named. */
export interface NamingChoice {
  naming: SidecarNaming;
  title: string;
  readonly about: string;
}

export const NAMINGS: readonly NamingChoice[] = [
  {
    naming: "stem",
    title: "IMG_0001.xmp",
    get about() {
      return t("settings.namingStem");
    },
  },
  {
    naming: "full",
    title: "IMG_0001.jpg.xmp",
    get about() {
      return t("settings.namingFull");
    },
  },
];

/** What a dry run found. */
export function previewWords({ planned, same }: SidecarReport): string {
  if (planned === 0) {
    return same === 0
      ? t("settings.nothingToWrite")
      : t("settings.allSaidAlready", { count: same });
  }
  const words = [t("settings.wouldBeWritten", { count: planned })];
  if (same > 0) words.push(t("settings.sayAlready", { count: same }));
  return words.join(" ");
}

/** What was done. */
export function writtenWords({ written, same, failed }: SidecarReport): string {
  const words = [t("settings.written", { count: written })];
  if (same > 0) words.push(t("settings.saidAlready", { count: same }));
  if (failed.length > 0) words.push(t("settings.notWritten", { count: failed.length }));
  return words.join(" ");
}

/** What a sidecar gets and loses. */
export function changeWords({ adds, removes }: Pick<SidecarExample, "adds" | "removes">): string {
  const [more, less] = [adds.map(said).join(", "), removes.map(said).join(", ")];
  if (less === "") return t("settings.sidecarAdds", { adds: more });
  if (more === "") return t("settings.sidecarRemoves", { removes: less });
  return t("settings.sidecarBoth", { adds: more, removes: less });
}
