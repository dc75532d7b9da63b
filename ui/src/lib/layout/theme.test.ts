import { afterEach, describe, expect, it, vi } from "vitest";

import { Layout, rememberedTheme } from "./layout.svelte";
import { follow, wear } from "./theme";

const worn = (): string | undefined => document.documentElement.dataset.theme;

/** A system that is light or dark, and may turn. */
function system(light: boolean) {
  const scheme = Object.assign(new EventTarget(), { matches: light });
  vi.spyOn(window, "matchMedia").mockReturnValue(scheme as unknown as MediaQueryList);
  return (to: boolean): void => {
    scheme.matches = to;
    scheme.dispatchEvent(new Event("change"));
  };
}

afterEach(() => {
  localStorage.clear();
  delete document.documentElement.dataset.theme;
});

describe("the theme", () => {
  it("is the system's, and turns with it, until it is another's", () => {
    const turn = system(true);
    const stop = follow("system");
    expect(worn()).toBe("light");
    turn(false);
    expect(worn()).toBe("dark");
    stop();
    turn(true);
    expect(worn()).toBe("dark");
  });

  it("stays as it was chosen, whatever the system does", () => {
    const turn = system(true);
    follow("dark");
    expect(worn()).toBe("dark");
    turn(true);
    expect(worn()).toBe("dark");
  });

  it("is known before there is a window", () => {
    system(false);
    new Layout().theme = "light";
    wear(rememberedTheme());
    expect(worn()).toBe("light");
  });
});
