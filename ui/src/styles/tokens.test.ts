import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const source = readFileSync("src/styles/tokens.css", "utf8").replace(/\/\*.*?\*\//gs, "");
/** What stands in the first rule of a selector. */
const ruleOf = (selector: string): string => {
  const from = source.indexOf(`${selector} {`);
  return from < 0 ? "" : source.slice(from, source.indexOf("}", from));
};
const light = ruleOf(':root[data-theme="light"]');
const dark = ruleOf(":root");

const colors = (css: string): Record<string, string> =>
  Object.fromEntries(
    [...css.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map(([, name = "", hex = ""]) => [
      name,
      hex,
    ]),
  );

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["ground", "surface", "raised"];
/** What is no text, and has to be seen: edges of fields, the focus, what is chosen, what is wrong. */
const SHAPES = ["edge", "accent", "danger"];
const TEXTS = ["text", "text-2", "accent", "danger", "ok"];

describe.each([
  ["dark", { ...colors(dark) }],
  ["light", { ...colors(dark), ...colors(light) }],
])("text in %s", (_, theme) => {
  const pairs = [
    ...GROUNDS.flatMap((ground) => TEXTS.map((text) => [text, ground] as const)),
    // The primary button, turned around, and selected text.
    ["ground", "text"] as const,
    ["ground", "accent"] as const,
    ["text", "stage"] as const,
    // What floats over a line, as a menu's chosen item.
    ["text", "line"] as const,
  ];
  const shapes = GROUNDS.flatMap((ground) => SHAPES.map((shape) => [shape, ground] as const));
  it.each(shapes)("%s on %s keeps 3 : 1", (shape, ground) => {
    expect(contrast(theme[shape] ?? "", theme[ground] ?? "")).toBeGreaterThanOrEqual(3);
  });
  it.each(pairs)("%s on %s keeps 4.5 : 1", (text, ground) => {
    expect(contrast(theme[text] ?? "", theme[ground] ?? "")).toBeGreaterThanOrEqual(4.5);
  });
});

describe("the themes", () => {
  it("have the same colours, each of them both ways", () => {
    expect(Object.keys(colors(light)).length).toBeGreaterThan(10);
    for (const name of Object.keys(colors(light))) expect(colors(dark)).toHaveProperty(name);
  });
});

describe("tokens", () => {
  const components = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".svelte"))
    .map((path) => `src/${path}`);

  it("alone name colours and sizes", () => {
    expect(components.length).toBeGreaterThan(10);
    for (const path of components) {
      const style = /<style>.*<\/style>/s.exec(readFileSync(path, "utf8"))?.[0] ?? "";
      const rules = style.replace(/@(?:media|container) [^{]*/g, "");
      expect.soft(rules.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi), path).toBeNull();
      expect.soft(rules.match(/\b\d*\.?\d+(?:px|rem)\b/g), path).toBeNull();
    }
  });

  it("are all defined that are used", () => {
    const defined = new Set([...source.matchAll(/--[\w-]+(?=:)/g)].map(([name]) => name));
    for (const path of [...components, "src/styles/base.css"]) {
      for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/var\((--[\w-]+)/g)) {
        expect.soft(defined.has(name), `${name} in ${path}`).toBe(true);
      }
    }
  });
});
