/** The first look at the person's photos: how far it is, until it is over once and for all. */
import type { Overview, Progress } from "../backend/dto";
import { recall, remember } from "../remember";

const NAME = "first-run";

/** So many photos tell how fast this computer is. */
export const MEASURED = 100;

/** How far the first look is. */
export interface FirstLook {
  /** `few`: it is done before it could be measured. */
  stage: "scanning" | "measuring" | "few" | "measured" | "held";
  /** Photos that can be found already, and all. */
  found: number;
  total: number;
}

export class Beginning {
  /** Complete, or dismissed. Another folder later on does not begin it again. */
  over = $state(recall(NAME) !== null);

  end(): void {
    if (this.over) return;
    this.over = true;
    remember(NAME, "over");
  }

  /** Ends where nothing waits any more. */
  see(overview: Overview, progress: Progress | null): void {
    const rests = progress === null || progress.step === "idle";
    if (overview.photos > 0 && overview.pending === 0 && rests) this.end();
  }
}

/** What can be said of the first look; null where there is nothing to look at. */
export function firstLook(
  { photos, pending, readOnly }: Overview,
  progress: Progress | null,
  paused: boolean,
): FirstLook | null {
  const step = progress?.step ?? "idle";
  if (readOnly !== null || (photos === 0 && step !== "scanning")) return null;
  const counting = progress !== null && step === "indexing";
  const waiting = counting ? progress.total - progress.done : pending;
  // A library that is complete is looked through at each start, too.
  if (photos > 0 && waiting === 0) return null;
  const far = { found: Math.max(0, photos - waiting), total: photos };
  if (paused) return { stage: "held", ...far };
  if (step === "scanning" || step === "loadingModel") return { stage: "scanning", ...far };
  if (!counting) return { stage: "held", ...far };
  if (progress.total <= MEASURED) return { stage: "few", ...far };
  const measured = progress.done >= MEASURED && progress.secondsLeft !== null;
  return { stage: measured ? "measured" : "measuring", ...far };
}
