/** Words for how the work in the background goes, and for what it waits. */
import type { Conditions, Effort, Overview, Pace, Policy, Progress } from "../backend/dto";
import { photos } from "./format";

export const PACES: readonly { pace: Pace; title: string; about: string }[] = [
  {
    pace: "automatic",
    title: "Automatic",
    about: "On one core while you use the computer, at full speed while you are away.",
  },
  { pace: "full", title: "Full speed", about: "On all cores. Other programs may become slower." },
  {
    pace: "polite",
    title: "In the background",
    about: "Always on one core, after everything else.",
  },
  {
    pace: "whenAway",
    title: "Only while you are away",
    about: "Waits until you have not touched the computer for a few minutes.",
  },
];

/** What to add to "Indexing", or say in place of it, and why it is so. */
const EFFORTS: Record<Effort, { words: string; why: string }> = {
  full: { words: "", why: "" },
  polite: { words: "on one core", why: "You chose to index in the background" },
  politeInUse: {
    words: "on one core while you work",
    why: "It goes at full speed while you are away",
  },
  politeUntold: {
    words: "on one core",
    why: "This system does not tell what your choice depends on, so indexing leaves room for you",
  },
  waitingForMains: {
    words: "Waiting for mains power",
    why: "You chose to index only on mains power",
  },
  waitingForAbsence: {
    words: "Waiting until you are away",
    why: "You chose to index only while you are away",
  },
};

/** What the status bar says of the work; `why` is empty where there is nothing to explain. */
export interface Status {
  words: string;
  why: string;
}

/** `progress` is null until the engine has told of it. */
export function statusOf(overview: Overview, progress: Progress | null, paused: boolean): Status {
  if (paused) return { words: "Paused", why: "" };
  switch (progress?.step) {
    case "scanning":
      return { words: "Looking through your folders", why: "" };
    case "loadingModel":
      return { words: "Loading the model", why: "" };
    case "deferred":
      return EFFORTS[progress.effort];
    case "indexing": {
      const { words, why } = EFFORTS[progress.effort];
      return { words: words === "" ? "Indexing" : `Indexing ${words}`, why };
    }
    case "waiting":
      return {
        words: "Another Afterimage is indexing this library",
        why: "You can search meanwhile. This window goes on as soon as the other one is done",
      };
    case "diskFull":
      return {
        words: "The disk is full. Indexing goes on as soon as there is room",
        why: "What was indexed so far is kept",
      };
    default:
      return { words: inventory(overview), why: "" };
  }
}

function inventory({ photos: all, pending, readOnly }: Overview): string {
  // Nothing is indexed into a library that cannot be changed.
  if (pending > 0 && readOnly === null) return `${photos(pending)} to be indexed`;
  return all === 0 ? "No photos yet" : `${photos(all)} in the library`;
}

/** What cannot be told here, and what happens for that, where the choice depends on it. */
export function untold(policy: Policy, conditions: Conditions): string | null {
  const person =
    conditions.inUse === null && (policy.pace === "automatic" || policy.pace === "whenAway");
  const power = conditions.onMains === null && policy.mainsOnly;
  if (!person && !power) return null;
  const what =
    person && power
      ? "whether you are away, or on mains power"
      : person
        ? "whether you are away"
        : "whether it is on mains power";
  return `This computer does not tell ${what}, so photos are indexed on one core at all times.`;
}
