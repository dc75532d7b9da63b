/**
 * Drives the real window through the scenarios, on a display and a bus of its own, and prints
 * "N passed, N failed". Nothing of it stays: not a process, not a file but the screenshots.
 *
 *   node tests/e2e/run.mjs [WORDS]     only the scenarios whose name has the words
 *
 * It needs Xvfb, dbus-daemon and WebKitWebDriver (Debian: xvfb, dbus, webkit2gtk-driver). WebKit
 * paints in software where there is no GPU, without being told, so no WEBKIT_* variable is set:
 * the tests see the window that a person sees.
 *
 * AFTERIMAGE_DESKTOP is the application to drive, target/debug/afterimage-desktop by default;
 * AFTERIMAGE_SHARED the folder that holds the test photos, ../shared beside the repository.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { desk } from "./desk.mjs";
import { scenarios } from "./scenarios.mjs";
import { end, Window } from "./webdriver.mjs";

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const BINARY = resolve(
  process.env.AFTERIMAGE_DESKTOP ??
    join(REPOSITORY, "target/debug/afterimage-desktop"),
);
const PHOTOS = join(
  process.env.AFTERIMAGE_SHARED ?? join(REPOSITORY, "../shared"),
  "photos",
);
const SCREENS = join(REPOSITORY, "target/screens");
const SIZES = [
  [1280, 800],
  [900, 600],
];

/** What one scenario works with: a home of its own, and the windows it opens. */
class Stage {
  #windows = [];
  #env;

  constructor(folder, env) {
    this.folder = folder;
    this.library = join(folder, "library");
    this.photos = PHOTOS;
    this.starter = join(REPOSITORY, "assets/models/starter");
    this.binary = BINARY;
    this.#env = {
      ...env,
      HOME: folder,
      XDG_DATA_HOME: join(folder, "data"),
      XDG_CONFIG_HOME: join(folder, "config"),
      XDG_CACHE_HOME: join(folder, "cache"),
      XDG_RUNTIME_DIR: join(folder, "run"),
      AFTERIMAGE_LIBRARY: this.library,
    };
  }

  /** The environment of the application, `extra` added. */
  env(extra = {}) {
    return { ...this.#env, ...extra };
  }

  /** Opens the application's window. */
  async open(args = [], extra = {}) {
    const window = await Window.open(this.binary, args, this.env(extra));
    this.#windows.push(window);
    await window.run(
      `window.violations = [];
       document.addEventListener("securitypolicyviolation", (event) =>
         window.violations.push(event.effectiveDirective + " " + event.blockedURI));`,
    );
    return window;
  }

  /** Takes a picture of the window as it is. */
  async screenshot(window, name) {
    // Two frames: one to lay out, one to paint.
    await window.runAsync(
      "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))",
    );
    await window.screenshot(join(SCREENS, `${name}.png`));
  }

  /** Takes one at each size, in dark and in light; the window keeps the first of each. */
  async screenshots(window, name) {
    const before = await window.run(
      "return document.documentElement.dataset.theme",
    );
    for (const [width, height] of [...SIZES].reverse()) {
      await window.resize(width, height);
      for (const theme of ["light", "dark"]) {
        await window.run(
          "document.documentElement.dataset.theme = arguments[0]",
          theme,
        );
        await this.screenshot(window, `${name}-${theme}-${width}x${height}`);
      }
    }
    await window.run(
      "document.documentElement.dataset.theme = arguments[0]",
      before,
    );
  }

  async close() {
    for (const window of this.#windows) await window.close();
  }

  /** What the windows printed. */
  get log() {
    return this.#windows.map((window) => window.log).join("");
  }
}

async function run(name, scenario, env) {
  const folder = await mkdtemp(join(tmpdir(), "afterimage-e2e-"));
  await mkdir(join(folder, "run"), { mode: 0o700 });
  const stage = new Stage(folder, env);
  try {
    await scenario(stage);
    console.log(`ok      ${name}`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}\n${error.stack}`);
    if (error.cause) console.log(`caused by ${error.cause.stack}`);
    if (stage.log) console.log(`the window printed:\n${stage.log}`);
    return false;
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function main() {
  if (!existsSync(BINARY))
    throw new Error(`there is no ${BINARY}: build it first`);
  if (!existsSync(PHOTOS)) {
    console.log(`skipped: ${PHOTOS} is absent`);
    return 0;
  }
  await mkdir(SCREENS, { recursive: true });

  const words = process.argv.slice(2).join(" ");
  const chosen = Object.entries(scenarios).filter(([name]) =>
    name.includes(words),
  );
  const children = [];
  const stop = () => Promise.all(children.map(end));
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.once(name, () => stop().then(() => process.exit(130)));
  }
  let passed = 0;
  try {
    const env = await desk(children);
    for (const [name, scenario] of chosen) {
      // A window without a window manager loses a key or a click now and then under load:
      // what fails once is told, and counts where it fails again.
      const good =
        (await run(name, scenario, env)) || (await run(name, scenario, env));
      if (good) passed += 1;
    }
  } finally {
    await stop();
  }
  const failed = chosen.length - passed;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = await main();
