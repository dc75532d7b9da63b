/**
 * Opens every state of the window that ui/dev/states.ts lists, in a browser on WebKitGTK, dark and
 * light, and has axe-core look for what keeps people out: the rules of WCAG 2.1 A and AA and the
 * best practices. Prints what it finds with the elements, and "N passed, N failed".
 *
 *   node tests/a11y/run.mjs [WORDS]    only the states whose name has the words
 *
 * It needs Xvfb, dbus-daemon, WebKitWebDriver and WebKitGTK's MiniBrowser (Debian: xvfb, dbus,
 * webkit2gtk-driver, libwebkit2gtk-4.1-0). AFTERIMAGE_BROWSER names a MiniBrowser elsewhere;
 * AFTERIMAGE_SCREENS a folder that gets a picture of each state.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { desk } from "../e2e/desk.mjs";
import { end, eventually, Window } from "../e2e/webdriver.mjs";

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const UI = join(REPOSITORY, "ui");
const BUILT = join(REPOSITORY, "target/a11y");
const SCREENS = process.env.AFTERIMAGE_SCREENS;
const BROWSERS = [
  process.env.AFTERIMAGE_BROWSER,
  "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
  "/usr/lib/webkit2gtk-4.1/MiniBrowser",
];
const SIZES = { usual: [1280, 800], small: [760, 520] };
/** Elements that are told of for each rule. */
const MOST_TOLD = 3;
const THEMES = ["dark", "light"];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
/** What colours can break; all else is the same in both themes and looked at in the first. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".woff2": "font/woff2",
};

/** Bundles the window as it is in development, with the made-up backend and the states. */
async function build() {
  // What `import.meta.env.DEV` asks.
  process.env.NODE_ENV = "development";
  const vite = createRequire(join(UI, "package.json")).resolve("vite");
  const { build } = await import(pathToFileURL(vite));
  await build({
    root: UI,
    mode: "development",
    logLevel: "error",
    build: { outDir: BUILT, emptyOutDir: true, minify: false },
  });
}

/** Serves what was built, and axe-core. */
async function serve() {
  const axe = createRequire(join(UI, "package.json")).resolve(
    "axe-core/axe.min.js",
  );
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://a11y");
    const path = pathname === "/" ? "/index.html" : pathname;
    const file = path === "/axe.js" ? axe : join(BUILT, path);
    try {
      const bytes = await readFile(file);
      response.setHeader("content-type", TYPES[extname(file)] ?? "");
      // Pages are opened a hundred times over.
      if (path !== "/index.html")
        response.setHeader("cache-control", "max-age=3600");
      response.end(bytes);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** In the page: shows a theme. */
const SHOW = `
  const [theme, done] = arguments;
  window.afterimage.session.layout.theme = theme;
  requestAnimationFrame(() => requestAnimationFrame(() => done()));
`;

/** In the page: the rules that are broken, each with its elements. */
const CHECK = `
  const [rules, done] = arguments;
  (async () => {
    // What fades is looked at as it will be.
    for (const animation of document.getAnimations()) {
      if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
    }
    const { violations } = await axe.run(document, {
      runOnly: rules,
      resultTypes: ["violations"],
    });
    return violations.map(({ id, help, nodes }) => ({
      rule: id,
      help,
      elements: nodes.map(({ target, html, failureSummary }) => ({
        target: target.flat().join(" "),
        html: html.slice(0, 200),
        why: failureSummary.replaceAll("\\n", " "),
      })),
    }));
  })().then(done, (error) => done([{ rule: "axe-core", help: String(error), elements: [] }]));
`;

const LOAD_AXE = `
  const done = arguments[0];
  const script = document.createElement("script");
  script.src = "/axe.js";
  script.onload = () => done(true);
  script.onerror = () => done(false);
  document.head.append(script);
`;

class Check {
  #window;
  #origin;
  /** What was told in full already, so that a bar is not told of in every state. */
  #told = new Set();

  constructor(window, origin) {
    this.#window = window;
    this.#origin = origin;
  }

  async states() {
    await this.#window.goTo(`${this.#origin}/?fake=1`);
    await this.#settled();
    return this.#window.run("return window.afterimage.states");
  }

  /** Whether the window can be dark and light, without which one theme would be checked twice. */
  async themes() {
    const grounds = [];
    for (const theme of THEMES) {
      await this.#window.runAsync(SHOW, theme);
      grounds.push(
        await this.#window.run(
          "return getComputedStyle(document.body).backgroundColor",
        ),
      );
    }
    const apart = new Set(grounds).size === THEMES.length;
    if (!apart) console.log(`FAILED  dark and light: both are ${grounds[0]}`);
    return apart;
  }

  /** Whether a state is without fault in both themes. */
  async run({ name, address }, size) {
    const window = this.#window;
    await window.run("localStorage.clear()");
    // What the state itself says comes first, and so counts.
    const query = new URLSearchParams(`${address}&lang=en&theme=dark`);
    await window.goTo(`${this.#origin}/?${query}`);
    const state = await this.#settled();
    if (state !== "open") return this.#failed(name, size, state);
    if (!(await window.runAsync(LOAD_AXE))) throw new Error("no axe-core");
    let fine = true;
    for (const theme of THEMES) {
      await window.runAsync(SHOW, theme);
      const rules =
        theme === THEMES[0]
          ? { type: "tag", values: TAGS }
          : { type: "rule", values: OF_COLOURS };
      const faults = await window.runAsync(CHECK, rules);
      if (faults.length > 0) fine = this.#tell(name, size, theme, faults);
      if (SCREENS) await this.#picture(name, size, theme);
    }
    return fine;
  }

  async #settled() {
    // A page that breaks on its way says nothing: that is this state's fault, and no other's.
    return eventually("the state is reached", () =>
      this.#window.run("return document.documentElement.dataset.state"),
    ).catch((error) => error.message);
  }

  #failed(name, size, why) {
    console.log(`FAILED  ${name} (${size.join(" x ")}): ${why}`);
    return false;
  }

  #tell(name, size, theme, faults) {
    console.log(`FAILED  ${name} (${size.join(" x ")}, ${theme})`);
    for (const { rule, help, elements } of faults) {
      console.log(`  ${rule}: ${help} (${elements.length})`);
      for (const { target, html, why } of elements.slice(0, MOST_TOLD)) {
        console.log(`    ${target}`);
        const fault = `${rule} ${html}`;
        if (!this.#told.has(fault)) console.log(`      ${html}\n      ${why}`);
        this.#told.add(fault);
      }
    }
    return false;
  }

  async #picture(name, [width], theme) {
    const file = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${width}-${theme}.png`;
    await this.#window.screenshot(join(SCREENS, file));
  }
}

async function main() {
  const browser = BROWSERS.find((path) => path && existsSync(path));
  if (!browser) {
    console.log("skipped: WebKitGTK's MiniBrowser is absent");
    return 0;
  }
  if (SCREENS) await mkdir(SCREENS, { recursive: true });
  await build();
  const { server, origin } = await serve();
  const home = await mkdtemp(join(tmpdir(), "afterimage-a11y-"));
  const children = [];
  const stop = () => Promise.all(children.map(end));
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.once(name, () => stop().then(() => process.exit(130)));
  }
  let window;
  const counts = { passed: 0, failed: 0 };
  try {
    const env = { ...(await desk(children)), HOME: home };
    window = await Window.open(browser, ["--automation"], env);
    const check = new Check(window, origin);
    const told = await check.states();
    counts[(await check.themes()) ? "passed" : "failed"] += 1;
    const words = process.argv.slice(2).join(" ");
    const states = told.filter(({ name }) => name.includes(words));
    for (const [name, size] of Object.entries(SIZES)) {
      await window.resize(...size);
      for (const state of states.filter(({ sizes }) => sizes.includes(name))) {
        const fine = await check.run(state, size);
        counts[fine ? "passed" : "failed"] += 1;
      }
    }
  } finally {
    await window?.close();
    await stop();
    server.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
  const { passed, failed } = counts;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = await main();
