import { expect, test } from "vitest";

import { says } from "../backend/backend";
import type { Failure } from "../backend/dto";
import { asText, byReason } from "./failures";

const failure = (photo: number, reason: string, permanent = false): Failure => ({
  photo,
  path: `/photos/${photo}.jpg`,
  reason: says(reason),
  permanent,
  when: 0,
});

test("failures of one reason are together, first those that trying again can help", () => {
  const groups = byReason([
    failure(1, "no photo", true),
    failure(2, "no photo", true),
    failure(3, "permission denied"),
    failure(4, "no photo", true),
    failure(5, "cut off"),
    failure(6, "cut off"),
  ]);
  expect(groups.map(({ reason, retried, failures }) => [reason, retried, failures.length])).toEqual(
    [
      ["cut off", true, 2],
      ["permission denied", true, 1],
      ["no photo", false, 3],
    ],
  );
  expect(asText(groups).split("\n").slice(0, 4)).toEqual([
    "cut off",
    "  /photos/5.jpg",
    "  /photos/6.jpg",
    "permission denied",
  ]);
});
