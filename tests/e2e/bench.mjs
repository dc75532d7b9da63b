/**
 * Measures the real window on a large library, and prints one JSON document:
 *
 *   node tests/e2e/bench.mjs [FOLDER]
 *
 * FOLDER holds `library` and `photos`, as `afterimage bench library FOLDER` makes them; without it
 * one of 100,000 photos is made in target/bench/window, and used again the next time.
 *
 * - `firstThumbnailMs`: from the start of the process until the first thumbnail is painted
 * - `frames`: times between frames while the grid is scrolled from its top to its end in 20 s
 * - `typed`: from the last key of a question until its photos are painted
 * - `webProcessMb`: the memory of the page's process after all that; `residentMb` counts what it
 *   shares with others, `proportionalMb` its share of that
 *
 * AFTERIMAGE_DESKTOP and AFTERIMAGE are the programs, those of target/release by default.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { desk } from "./desk.mjs";
import { end, eventually, Key, Window } from "./webdriver.mjs";

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const program = (name, variable) =>
  resolve(process.env[variable] ?? join(REPOSITORY, "target/release", name));
const DESKTOP = program("afterimage-desktop", "AFTERIMAGE_DESKTOP");
const COMMAND_LINE = program("afterimage", "AFTERIMAGE");

const PHOTOS = 100_000;
const STARTS = 3;
const SCROLL_SECONDS = 20;
const QUESTIONS = [
  "a dog",
  "snow",
  "two boats on a lake",
  "birthday cake",
  "mountain",
];

async function main() {
  const folder = process.argv[2] ?? join(REPOSITORY, "target/bench/window");
  if (!existsSync(folder)) {
    await mkdir(dirname(folder), { recursive: true });
    console.error(`making ${PHOTOS} photos up in ${folder}`);
    const args = ["bench", "library", folder, "--photos", String(PHOTOS)];
    execFileSync(COMMAND_LINE, args, { stdio: ["ignore", 2, 2] });
  }
  const home = await mkdtemp(join(tmpdir(), "afterimage-bench-"));
  const children = [];
  try {
    await mkdir(join(home, "run"), { mode: 0o700 });
    const env = {
      ...(await desk(children)),
      HOME: home,
      XDG_RUNTIME_DIR: join(home, "run"),
      AFTERIMAGE_LIBRARY: join(folder, "library"),
    };
    // The first start fills what the system keeps of files, as a start in the morning does not.
    const starts = [];
    for (let i = 0; i < STARTS; i++) starts.push(await firstThumbnail(env));
    const figures = await atWork(env);
    const document = { firstThumbnailMs: starts, ...figures };
    console.log(JSON.stringify(document, null, 2));
  } finally {
    await Promise.all(children.map(end));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Milliseconds from the start of the process to the first thumbnail. */
async function firstThumbnail(env) {
  const window = await Window.open(DESKTOP, [], env);
  try {
    const began = startOf(oneProcess("afterimage-desk"));
    const painted = await eventually("a thumbnail is there", () =>
      window.run(
        `const [mark] = performance.getEntriesByName("first-thumbnail");
         return mark && performance.timeOrigin + mark.startTime;`,
      ),
    );
    return Math.round(painted - began);
  } finally {
    await closed(window);
  }
}

/** Closes the window; the next one is another instance only when this one has ended. */
async function closed(window) {
  await window.close();
  await eventually("the application has ended", () => {
    return processes("afterimage-desk").length === 0;
  });
}

async function atWork(env) {
  const window = await Window.open(DESKTOP, [], env);
  try {
    await window.resize(1280, 800);
    await window.find("tile");
    // What goes on after a start is over then, and all photos are listed.
    await sleep(10_000);
    const photos = await window.run(
      "return Number(document.querySelector('[data-testid=tile]')?.ariaSetSize)",
    );
    const frames = await scrolled(window);
    const typed = [];
    for (const question of QUESTIONS) typed.push(await asked(window, question));
    const memory = memoryOf(oneProcess("WebKitWebProces"));
    return { photos, frames, typed, ...memory };
  } finally {
    await closed(window);
  }
}

/** Milliseconds between frames while all photos go by. */
async function scrolled(window) {
  const times = await window.runAsync(
    `const [seconds, done] = arguments;
     const grid = document.querySelector("[data-testid=grid]");
     const way = grid.scrollHeight - grid.clientHeight;
     const frames = [];
     const began = performance.now();
     let last = began;
     function frame(now) {
       frames.push(now - last);
       last = now;
       const share = Math.min(1, (now - began) / (seconds * 1000));
       grid.scrollTop = way * share;
       if (share < 1) requestAnimationFrame(frame);
       else done(frames);
     }
     requestAnimationFrame(frame);`,
    SCROLL_SECONDS,
  );
  // The first has what was before the scrolling.
  return summary(times.slice(1));
}

/** Milliseconds from the last key until the photos that answer are painted. */
async function asked(window, question) {
  await window.press(Key.escape, "/");
  await window.run(
    `document.activeElement.select?.();
     window.asked = { key: 0, painted: 0 };
     document.addEventListener("keydown", (event) => {
       if (event.key.length === 1) window.asked = { key: event.timeStamp, painted: 0 };
     }, true);
     window.watch?.disconnect();
     const grid = document.querySelector("[data-testid=grid]") ?? document.body;
     window.watch = new MutationObserver(() => {
       const seen = window.asked;
       if (seen.key === 0) return;
       requestAnimationFrame(() => setTimeout(() => (seen.painted = performance.now())));
     });
     window.watch.observe(document.querySelector("[data-testid=result-count]"), {
       childList: true, characterData: true, subtree: true,
     });`,
  );
  await window.press(...question);
  await eventually(`"${question}" is answered`, () =>
    window.run("return window.asked.painted > 0"),
  );
  // An answer to a part of the words may have come before the last one.
  await sleep(1500);
  return window.run(
    `const { key, painted } = window.asked;
     return Math.round(painted - key);`,
  );
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) =>
    Math.round(
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] *
        10,
    ) / 10;
  return {
    count: sorted.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    longestMs: at(1),
  };
}

/** The process of this name that was started last. */
function oneProcess(name) {
  const [found] = processes(name).sort((a, b) => startOf(b) - startOf(a));
  if (found === undefined) throw new Error(`no process is called ${name}`);
  return found;
}

function processes(name) {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => read(`/proc/${pid}/comm`).trim() === name);
}

/** When a process was started, in milliseconds since 1970. */
function startOf(pid) {
  // Ticks since the system started, 100 a second, behind the name in brackets.
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ");
  const uptime = Number(read("/proc/uptime").split(" ")[0]);
  return Date.now() - (uptime - Number(fields[19]) / 100) * 1000;
}

function memoryOf(pid) {
  const kilobytes = (file, field) =>
    Number(
      new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(
        read(`/proc/${pid}/${file}`),
      )?.[1],
    );
  const megabytes = (value) => Math.round(value / 100) / 10;
  return {
    webProcess: {
      residentMb: megabytes(kilobytes("status", "VmRSS")),
      proportionalMb: megabytes(kilobytes("smaps_rollup", "Pss")),
      highestMb: megabytes(kilobytes("status", "VmHWM")),
    },
  };
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // A process may end while it is looked at.
    return "";
  }
}

await main();
