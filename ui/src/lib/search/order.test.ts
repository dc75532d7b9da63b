import { describe, expect, it } from "vitest";

import { readQuery } from "../backend/fakeQuery";
import { ordered, orderOf, ranks, type Order } from "./order";

const put = (text: string, order: Order): string => {
  const reading = readQuery(text);
  return ordered(text, reading, order, ranks(reading));
};
const said = (text: string): Order => {
  const reading = readQuery(text);
  return orderOf(text, reading, ranks(reading));
};

describe("the order of an answer", () => {
  it.each([
    ["a dog", "best"],
    ["date:2021", "newest"],
    ["a dog sort:date", "newest"],
    ["sort:oldest a dog", "oldest"],
    ["a dog -sort:date", "oldest"],
    ["a dog sort:relevance", "best"],
  ] as const)("is read from %s", (text, order) => {
    expect(said(text)).toBe(order);
  });

  it.each([
    ["a dog", "newest", "a dog sort:date"],
    ["a dog ", "oldest", "a dog sort:oldest"],
    ["a dog sort:date", "best", "a dog"],
    ["a sort:date dog", "oldest", "a sort:oldest dog"],
    ["a -sort:date dog", "best", "a dog"],
    ["date:2021 sort:oldest", "newest", "date:2021"],
    ["date:2021", "oldest", "date:2021 sort:oldest"],
    ["", "oldest", "sort:oldest"],
    ["a dog", "best", "a dog"],
  ] as const)("%s, %s, becomes %s", (text, order, becomes) => {
    expect(put(text, order)).toBe(becomes);
    expect(said(becomes)).toBe(order);
  });
});
