/** Words for how the work in the background goes, and for what it waits. */
import type { Conditions, Effort, Pace, Policy } from "../backend/dto";

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

/** What to add to "Indexing", or say in place of it; `why` is for its tooltip. */
export const EFFORTS: Record<Effort, { words: string; why: string }> = {
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
