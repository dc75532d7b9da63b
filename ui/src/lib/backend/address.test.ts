import { describe, expect, it } from "vitest";

import { retried, versioned } from "./address";

describe("an address", () => {
  it("names the version in hex, once there is one", () => {
    expect(versioned("thumb://localhost/7", 0)).toBe("thumb://localhost/7");
    expect(versioned("thumb://localhost/7", 0x89abcdef)).toBe("thumb://localhost/7?v=89abcdef");
  });

  it("is another with every attempt, and keeps its version", () => {
    expect(retried("thumb://localhost/7?v=a", 0)).toBe("thumb://localhost/7?v=a");
    expect(retried("thumb://localhost/7", 1)).toBe("thumb://localhost/7?retry=1");
    expect(retried("thumb://localhost/7?v=a", 2)).toBe("thumb://localhost/7?v=a&retry=2");
  });
});
