import { describe, expect, it } from "vitest";

import { draw, drawingOf, shows } from "./drawing";

const SVG = 'xmlns="http://www.w3.org/2000/svg"';
const markup = (inside: string, attributes = ""): string =>
  drawingOf(`<svg ${SVG} ${attributes}>${inside}</svg>`)?.svg.outerHTML ?? "";

describe("a drawing of the engine", () => {
  it("keeps its shapes, texts and looks", () => {
    const drawn = markup(
      '<g class="bars" transform="translate(1 2)"><title>Norms</title><rect x="1" y="2" width="3" height="4" fill="currentColor"/></g><text x="5" text-anchor="middle">a &lt; b</text>',
      'viewBox="0 0 10 10"',
    );
    for (const part of [
      "<title>Norms</title>",
      'class="bars"',
      'transform="translate(1 2)"',
      'width="3"',
      'fill="currentColor"',
      'text-anchor="middle"',
      'viewBox="0 0 10 10"',
    ]) {
      expect(drawn).toContain(part);
    }
    expect(drawn).toMatch(/a &lt; b/);
  });

  it.each([
    ["a script", "<script>alert(1)</script>"],
    ["a handler", '<rect onclick="alert(1)" onload="alert(1)"/>'],
    ["foreign content", "<foreignObject><body><img src='x'/></body></foreignObject>"],
    ["a link", '<a href="javascript:alert(1)"><rect/></a>'],
    ["a picture", '<image href="https://example.org/x.png"/>'],
    ["a reference", '<use href="#x"/>'],
    ["an animation", '<animate attributeName="href" to="javascript:alert(1)"/>'],
    ["an address in a look", '<rect fill="url(https://example.org/x)"/>'],
    ["an address in a style", '<rect style="background:url(https://example.org/x)"/>'],
  ])("loses %s", (_, inside) => {
    const drawn = markup(inside);
    expect(drawn).toMatch(/^<svg/);
    expect(drawn).not.toMatch(
      /script|onclick|onload|foreign|<a|href|image|<use|animate|example|url/i,
    );
  });

  it("leaves what it is called to the page, which may stand in it, too", () => {
    const titled = `<title id="t">Norms</title><desc id="d">All 1</desc><text>Norms</text>`;
    const drawing = drawingOf(`<svg ${SVG} role="img" aria-labelledby="t d">${titled}</svg>`);
    expect(drawing?.svg.outerHTML).not.toMatch(/title|desc|role|labelledby/);
    expect(drawing && [shows(drawing, "Norms"), shows(drawing, "Hubs")]).toEqual([true, false]);
  });

  it("keeps the paints that a page may choose", () => {
    const paint = "var(--plot-1,var(--p1,#0068a8))";
    const drawn = markup(`<path d="M1 2h24" stroke="${paint}" stroke-dasharray="6 3"/>`);
    expect(drawn).toContain(`stroke="${paint}"`);
    expect(drawn).toContain('stroke-dasharray="6 3"');
  });

  it("keeps references within itself", () => {
    const drawn = markup(
      '<defs><clipPath id="c"><rect/></clipPath></defs><g clip-path="url(#c)"/>',
    );
    expect(drawn).toContain("url(#c)");
  });

  it("keeps its rules apart, unless they lead somewhere", () => {
    const css = (rules: string): string | undefined =>
      drawingOf(`<svg ${SVG}><style>${rules}</style><rect/></svg>`)?.css;
    const dark = "@media (prefers-color-scheme: dark){.bar{fill:#fff}}";
    expect(css(dark)).toBe(dark);
    expect(css("@import 'x.css';")).toBe("");
    expect(css(".bar{fill:url(https://example.org/x)}")).toBe("");
    expect(markup("<style>.bar{fill:red}</style>")).not.toContain("style");
  });

  it("is none where the text is something else", () => {
    for (const text of ["", "<p>words</p>", "alert(1)", "<svgx/>", `<html><svg ${SVG}/></html>`]) {
      expect(drawingOf(text)).toBeNull();
    }
  });

  it("is shown in a tree of its own, and again in the same place", () => {
    const host = document.createElement("div");
    for (const fill of ["red", "blue"]) {
      const drawing = drawingOf(`<svg ${SVG}><rect fill="${fill}"/></svg>`);
      if (drawing) draw(host, drawing);
    }
    expect(host.innerHTML).toBe("");
    const shapes = host.shadowRoot?.querySelectorAll("rect") ?? [];
    expect([...shapes].map((shape) => shape.getAttribute("fill"))).toEqual(["blue"]);
  });
});
