/** What the made-up engine may be at, and what holds it back. */
import type { Conditions, Effort, Policy, Step } from "./dto";

const FULL: Policy = { pace: "full", mainsOnly: false };
export const AUTOMATIC: Policy = { pace: "automatic", mainsOnly: false };
export const AT_DESK: Conditions = { inUse: true, onMains: true };
const UNTOLD: Conditions = { inUse: null, onMains: null };

export interface FakeWork {
  step: Step;
  policy: Policy;
  conditions: Conditions;
}

const working = (step: Step, policy = AUTOMATIC, conditions = AT_DESK): FakeWork => ({
  step,
  policy,
  conditions,
});

/** The step of such a state, and the policy and the conditions that make it so. */
export const WORK = {
  scanning: working("scanning"),
  loadingModel: working("loadingModel"),
  waiting: working("waiting"),
  diskFull: working("diskFull"),
  paused: working("paused", FULL),
  indexing: working("indexing", FULL),
  polite: working("indexing", AUTOMATIC),
  onOneCore: working("indexing", { ...AUTOMATIC, pace: "polite" }),
  untold: working("indexing", AUTOMATIC, UNTOLD),
  waitingForMains: working(
    "indexing",
    { ...AUTOMATIC, mainsOnly: true },
    { ...AT_DESK, onMains: false },
  ),
  waitingForAbsence: working("indexing", { ...AUTOMATIC, pace: "whenAway" }),
};
export const COUNTING: readonly Step[] = ["indexing", "paused", "deferred"];

/** How hard the work goes under a policy. */
export function effortUnder({ pace, mainsOnly }: Policy, { inUse, onMains }: Conditions): Effort {
  if (mainsOnly && onMains === false) return "waitingForMains";
  if (pace === "whenAway" && inUse === true) return "waitingForAbsence";
  if (pace === "polite") return "polite";
  if (mainsOnly && onMains === null) return "politeUntold";
  if (pace === "full" || inUse === false) return "full";
  return inUse === null ? "politeUntold" : "politeInUse";
}
