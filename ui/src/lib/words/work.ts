/** Words for how the work in the background goes, and for what it waits. */
import type { Conditions, Effort, Overview, Pace, Policy, Progress } from "../backend/dto";
import { t, type MessageKey } from "../i18n/i18n.svelte";
import { percent } from "./format";

/** How hard the work may go, to be chosen from. */
export interface PaceChoice {
  pace: Pace;
  readonly title: string;
  readonly about: string;
}

const paced = (pace: Pace, title: MessageKey, about: MessageKey): PaceChoice => ({
  pace,
  get title() {
    return t(title);
  },
  get about() {
    return t(about);
  },
});

export const PACES: readonly PaceChoice[] = [
  paced("automatic", "progress.paceAutomatic", "progress.paceAutomaticAbout"),
  paced("full", "progress.paceFull", "progress.paceFullAbout"),
  paced("polite", "progress.pacePolite", "progress.pacePoliteAbout"),
  paced("whenAway", "progress.paceAway", "progress.paceAwayAbout"),
];

/** What is said of the work at each effort, and why it is so. */
const EFFORTS: Readonly<Record<Effort, { words: MessageKey; why: MessageKey | null }>> = {
  full: { words: "progress.indexing", why: null },
  polite: { words: "progress.indexingOneCore", why: "progress.whyPolite" },
  politeInUse: { words: "progress.indexingInUse", why: "progress.whyInUse" },
  politeUntold: { words: "progress.indexingOneCore", why: "progress.whyUntold" },
  waitingForMains: { words: "progress.waitingForMains", why: "progress.whyMains" },
  waitingForAbsence: { words: "progress.waitingForAbsence", why: "progress.whyAbsence" },
};

/** What the status bar says of the work; `why` is empty where there is nothing to explain. */
export interface Status {
  words: string;
  why: string;
}

const status = (words: MessageKey, why: MessageKey | null = null): Status => ({
  words: t(words),
  why: why === null ? "" : t(why),
});

/** `progress` is null until the engine has told of it. */
export function statusOf(overview: Overview, progress: Progress | null, paused: boolean): Status {
  if (paused) return status("progress.paused");
  switch (progress?.step) {
    case "scanning":
      return status("progress.scanning");
    case "loadingModel":
      return status("progress.loadingModel");
    case "deferred":
    case "indexing": {
      const { words, why } = EFFORTS[progress.effort];
      return status(words, why);
    }
    case "waiting":
      return status("progress.waiting", "progress.whyWaiting");
    case "diskFull":
      return status("progress.diskFull", "progress.whyDiskFull");
    default:
      return { words: inventory(overview), why: "" };
  }
}

function inventory({ photos, pending, readOnly }: Overview): string {
  // Nothing is indexed into a library that cannot be changed.
  if (pending > 0 && readOnly === null) return t("progress.pending", { count: pending });
  return t("progress.inventory", { count: photos });
}

/** Parts of the work after which it is told to who listens. */
const TOLD = 4;

/** The same as `words` with how far it is, in steps that are worth being told. */
export function spokenStatus(words: string, progress: Progress | null): string {
  if (progress === null || progress.total === 0) return words;
  const step = Math.floor((progress.done / progress.total) * TOLD);
  return step === 0 ? words : t("progress.spoken", { status: words, percent: percent(step, TOLD) });
}

/** What cannot be told here, and what happens for that, where the choice depends on it. */
export function untold(policy: Policy, conditions: Conditions): string | null {
  const person =
    conditions.inUse === null && (policy.pace === "automatic" || policy.pace === "whenAway");
  const power = conditions.onMains === null && policy.mainsOnly;
  if (!person && !power) return null;
  if (person && power) return t("progress.untoldBoth");
  return t(person ? "progress.untoldPerson" : "progress.untoldPower");
}
