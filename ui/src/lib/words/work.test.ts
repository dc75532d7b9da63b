import { describe, expect, it } from "vitest";

import { says } from "../backend/backend";
import type { Effort, Overview, Pace, Progress, Step } from "../backend/dto";
import { PACES, spokenStatus, statusOf, untold } from "./work";

const OVERVIEW: Overview = {
  photos: 1200,
  pending: 0,
  failed: 0,
  skipped: 0,
  model: "starter",
  serving: "starter",
  preparing: null,
  device: "CPU",
  deviceReason: null,
  roots: [],
  paused: false,
  readOnly: null,
};

const at = (step: Step, effort: Effort = "full"): Progress => ({
  step,
  done: 3,
  total: 9,
  failed: 0,
  rate: 0,
  secondsLeft: null,
  effort,
});

describe("what the status bar says of the work", () => {
  it.each<[Step, Effort, string, string]>([
    ["scanning", "full", "Looking through your folders", ""],
    ["loadingModel", "full", "Loading the model", ""],
    ["indexing", "full", "Indexing", ""],
    ["indexing", "polite", "Indexing on one core", "You chose to index in the background"],
    [
      "indexing",
      "politeInUse",
      "Indexing on one core while you work",
      "It goes at full speed while you are away",
    ],
    [
      "indexing",
      "politeUntold",
      "Indexing on one core",
      "This system does not tell what your choice depends on, so indexing leaves room for you",
    ],
    [
      "deferred",
      "waitingForMains",
      "Waiting for mains power",
      "You chose to index only on mains power",
    ],
    [
      "deferred",
      "waitingForAbsence",
      "Waiting until you are away",
      "You chose to index only while you are away",
    ],
    [
      "waiting",
      "full",
      "Another Afterimage is indexing this library",
      "You can search meanwhile. This window goes on as soon as the other one is done",
    ],
    [
      "diskFull",
      "full",
      "The disk is full. Indexing goes on as soon as there is room",
      "What was indexed so far is kept",
    ],
  ])("%s, %s: %s", (step, effort, words, why) => {
    expect(statusOf(OVERVIEW, at(step, effort), false)).toEqual({ words, why });
  });

  it.each<Step>(["indexing", "deferred", "paused"])("says only that it is paused: %s", (step) => {
    const status = statusOf(OVERVIEW, at(step, "waitingForMains"), true);
    expect(status).toEqual({ words: "Paused", why: "" });
  });

  it.each<[string, Partial<Overview>, string]>([
    ["all are indexed", {}, "1,200 photos in the library"],
    ["some are not", { pending: 1 }, "1 photo to be indexed"],
    ["none are there", { photos: 0 }, "No photos yet"],
    // Nothing goes on there, so nothing is announced.
    [
      "nothing can be changed",
      { pending: 7, readOnly: says("it is damaged") },
      "1,200 photos in the",
    ],
  ])("counts photos at rest: %s", (_, change, words) => {
    for (const progress of [null, at("idle")]) {
      expect(statusOf({ ...OVERVIEW, ...change }, progress, false).words).toContain(words);
    }
  });
});

describe("the remark on what this system does not tell", () => {
  const said = (pace: Pace, mainsOnly: boolean, inUse: boolean | null, onMains: boolean | null) =>
    untold({ pace, mainsOnly }, { inUse, onMains });

  it.each<[Pace, boolean, string]>([
    ["automatic", false, "whether you are away,"],
    ["whenAway", false, "whether you are away,"],
    ["full", true, "whether it is on mains power,"],
    ["automatic", true, "whether you are away, or on mains power,"],
  ])("names what the choice depends on: %s, only on mains %s", (pace, mainsOnly, words) => {
    expect(said(pace, mainsOnly, null, null)).toContain(`does not tell ${words}`);
  });

  it("is not made where the choice does not depend on it, or the system tells", () => {
    expect(said("full", false, null, null)).toBeNull();
    expect(said("polite", false, null, null)).toBeNull();
    expect(said("automatic", false, false, null)).toBeNull();
    expect(said("full", true, null, false)).toBeNull();
  });
});

describe("the choices of speed", () => {
  it("have each a title of its own and say what they cost", () => {
    expect(new Set(PACES.map(({ title }) => title)).size).toBe(4);
    expect(PACES.map(({ pace }) => pace)).toEqual(["automatic", "full", "polite", "whenAway"]);
    for (const { about } of PACES) expect(about).toMatch(/^[A-Z].*\.$/);
  });
});

describe("what is told of the work to who listens", () => {
  it("is how far it is, at steps that are worth it", () => {
    const told = [0, 1, 24, 25, 49, 50, 99, 100].map((done) =>
      spokenStatus("Indexing", { ...at("indexing"), done, total: 100 }),
    );
    expect(told).toEqual([
      "Indexing",
      "Indexing",
      "Indexing",
      "Indexing: 25\u00a0%",
      "Indexing: 25\u00a0%",
      "Indexing: 50\u00a0%",
      "Indexing: 75\u00a0%",
      "Indexing: 100\u00a0%",
    ]);
    expect(spokenStatus("Paused", null)).toBe("Paused");
  });
});
