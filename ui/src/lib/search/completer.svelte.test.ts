import { beforeEach, describe, expect, it, vi } from "vitest";

import { verbatim } from "../backend/backend";
import { FakeBackend } from "../backend/fake";
import { completed, Completer, PROPOSE_MS } from "./completer.svelte";

let backend: FakeBackend;
let completer: Completer;

beforeEach(() => {
  vi.useFakeTimers();
  backend = new FakeBackend({ count: 9 });
  completer = new Completer(backend);
});

const pause = (): Promise<unknown> => vi.advanceTimersByTimeAsync(PROPOSE_MS);
const texts = (): string[] =>
  completer.proposals.flatMap((one) => (one.kind === "completion" ? [one.completion.text] : []));

describe("completing", () => {
  it("asks once, when the typing pauses", async () => {
    const complete = vi.spyOn(backend, "complete");
    for (const text of ["c", "ca", "cam"]) {
      completer.propose(text, text.length);
      await vi.advanceTimersByTimeAsync(PROPOSE_MS - 1);
    }
    expect(complete).not.toHaveBeenCalled();
    await pause();
    expect(complete).toHaveBeenCalledExactlyOnceWith("cam", 3);
    expect(texts()).toEqual(["camera:"]);
  });

  it("drops what comes after it was closed", async () => {
    let answer: (found: []) => void = () => undefined;
    vi.spyOn(backend, "complete").mockImplementation(() => new Promise((done) => (answer = done)));
    completer.propose("cam", 3);
    await pause();
    completer.close();
    answer([]);
    await pause();
    expect(completer.open).toBe(false);
  });

  it("does not propose what stands there already", async () => {
    completer.propose("date:2026", 9);
    await pause();
    expect(texts()).toEqual([]);
    completer.propose("date:202", 8);
    await pause();
    expect(texts()).toEqual(["2026", "2025", "2024"]);
  });

  it("goes round by the keys", async () => {
    completer.propose("orientation:", 12);
    await pause();
    const places = [1, 1, 1, 1, -1, -1].map((by) => {
      completer.move(by as 1 | -1);
      return completer.active;
    });
    expect(places).toEqual([0, 1, 2, 0, 2, 1]);
    completer.propose("orientation:", 12);
    await pause();
    completer.move(-1);
    expect(completer.active).toBe(2);
  });

  it("proposes nothing where that fails", async () => {
    vi.spyOn(backend, "complete").mockRejectedValue({ code: "failed", message: "no" });
    completer.propose("cam", 3);
    await pause();
    expect(completer.open).toBe(false);
  });
});

describe("a completion put in", () => {
  const one = (from: number, to: number, text: string) => ({
    from,
    to,
    text,
    detail: null,
    count: null,
  });

  it.each([
    ["cam", one(0, 3, "camera:"), "camera:", 7],
    ["dog cam", one(4, 7, "camera:"), "dog camera:", 11],
    ["camera:fu", one(7, 9, '"Fujifilm X-T4"'), 'camera:"Fujifilm X-T4" ', 23],
    ["is:f dog", one(3, 4, "favourite"), "is:favourite dog", 13],
  ])("in %s", (text, completion, becomes, caret) => {
    expect(completed(text, completion)).toEqual({ text: becomes, caret });
  });
});

describe("what was asked before", () => {
  it("comes with samples, newest first, and can be forgotten", async () => {
    await backend.remember("a red door");
    await completer.recall();
    expect(completer.proposals[0]).toEqual({ kind: "asked", query: "a red door" });
    const kinds = (): string[] => completer.proposals.map((one) => one.kind);
    expect(kinds()).toContain("forget");
    await completer.forget();
    expect(await backend.history()).toEqual([]);
    expect(new Set(kinds())).toEqual(new Set(["sample"]));
  });

  it("says when it cannot be read, and has the samples still", async () => {
    vi.spyOn(backend, "history").mockRejectedValue({ code: "failed", message: "disk is gone" });
    await completer.recall();
    expect(completer.failure?.message).toEqual(verbatim("disk is gone"));
    expect(completer.open).toBe(true);
  });
});
