/**
 * A drawing of the engine, taken apart and built anew of nothing but shapes, text and their looks:
 * no script, no handler, no address and no foreign content of whatever was in it gets into the
 * page. It goes into a shadow root with its own style sheet, so that neither its rules nor its
 * names reach the page, and the window's policy, which allows no style within markup, holds.
 */

import { phrase } from "../i18n/said";

const SVG = "http://www.w3.org/2000/svg";

const ELEMENTS: ReadonlySet<string> = new Set(
  "svg g defs title desc path rect circle ellipse line polyline polygon text tspan clipPath linearGradient radialGradient stop pattern marker".split(
    " ",
  ),
);

/** Besides `aria-…`, which say what is there and do nothing. */
const ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    "id class role lang viewBox preserveAspectRatio width height x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy d points " +
    "transform fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap " +
    "stroke-linejoin opacity color font-family font-size font-weight font-style text-anchor dominant-baseline " +
    "alignment-baseline letter-spacing clip-path clip-rule offset stop-color stop-opacity gradientUnits " +
    "gradientTransform patternUnits patternTransform clipPathUnits markerWidth markerHeight refX refY orient " +
    "marker-start marker-end marker-mid visibility vector-effect shape-rendering paint-order tabindex"
  ).split(" "),
);

export interface Drawing {
  /** Made anew; belongs to no page yet. What it is called the page says, in its own words. */
  svg: SVGSVGElement;
  /** The rules of its style elements. */
  css: string;
}

/** The drawing in such a text; null where there is none that can be shown. */
export function drawingOf(text: string): Drawing | null {
  if (!/^\s*(?:<\?xml[^>]*\?>\s*)?<svg[\s>]/.test(text)) return null;
  const styles: string[] = [];
  // Taken out beforehand: the policy would complain of a style even in a page that is never shown.
  const plain = text.replace(/<style>([^<]*)<\/style>/g, (_, css: string) => {
    styles.push(css);
    return "";
  });
  const parsed = new DOMParser().parseFromString(plain, "image/svg+xml");
  const root = parsed.documentElement;
  if (root.localName !== "svg" || parsed.querySelector("parsererror")) return null;
  const svg = copied(root, styles);
  // The title of the whole would pop up over every part of it.
  for (const child of [...svg.children]) {
    if (child.localName === "title" || child.localName === "desc") child.remove();
  }
  for (const name of ["role", "aria-labelledby", "aria-describedby"]) svg.removeAttribute(name);
  svg.setAttribute("aria-hidden", "true");
  return { svg: svg as SVGSVGElement, css: styles.map(harmless).join("\n") };
}

function copied(from: Element, styles: string[]): SVGElement {
  const to = document.createElementNS(SVG, from.localName);
  for (const { name, value } of from.attributes) {
    if (allowed(name, value)) to.setAttribute(name, value);
    // Set piece by piece, as scripts may; a whole attribute is markup.
    else if (name === "style" && leadsNowhere(value)) to.style.cssText = value;
  }
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.append(phrase(child.textContent ?? ""));
    if (!(child instanceof Element) && child.nodeType !== Node.ELEMENT_NODE) continue;
    const element = child as Element;
    if (element.localName === "style") styles.push(element.textContent ?? "");
    else if (ELEMENTS.has(element.localName)) to.append(copied(element, styles));
  }
  return to;
}

function allowed(name: string, value: string): boolean {
  return (ATTRIBUTES.has(name) || name.startsWith("aria-")) && leadsNowhere(value);
}

/** Whether a value refers to nothing outside of the drawing. */
function leadsNowhere(value: string): boolean {
  const references = value.replace(/url\(\s*["']?#[\w-]+["']?\s*\)/g, "");
  return !/url\(|javascript:|data:|expression\(|\\|@import/i.test(references);
}

/** Rules that refer to something outside are left out, all of them. */
function harmless(css: string): string {
  return leadsNowhere(css) ? css : "";
}

/** Whether a title stands in the drawing for all to read. */
export function shows({ svg }: Drawing, title: string): boolean {
  return [...svg.querySelectorAll("text")].some(({ textContent }) => textContent === title);
}

/** Shows the drawing in an element, in a tree of its own. */
export function draw(host: HTMLElement, { svg, css }: Drawing): void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{display:block}svg{display:block;width:100%;height:auto}${css}`);
  root.adoptedStyleSheets = [sheet];
  root.replaceChildren(svg);
}
