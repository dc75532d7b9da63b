/** What several scenarios do, and what they look for. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "./webdriver.mjs";

export const DARK = { GTK_THEME: "Adwaita:dark" };
export const LIGHT = { GTK_THEME: "Adwaita" };

/** Puts a question into the box in place of what is there. */
export async function ask(window, question) {
  await window.run(
    `const box = document.querySelector('[data-testid="search-box"]');
     box.focus();
     box.value = arguments[0];
     box.dispatchEvent(new InputEvent("input", { bubbles: true }));`,
    question,
  );
}

/** Waits until so many photos answer a question of filters alone. */
export async function counted(window, photos) {
  await eventually(`${photos} photos answer`, async () => {
    if (photos === 0) return (await window.all("tile")).length === 0;
    const count = await window.find("result-count");
    const words = `${photos} ${photos === 1 ? "photo" : "photos"}`;
    return (await count.text()).startsWith(words);
  });
}

/** A folder with the first test photos. */
export async function everyday(stage, count) {
  const source = join(stage.photos, "everyday");
  const folder = join(stage.folder, "photos");
  await mkdir(folder);
  for (const name of (await readdir(source)).sort().slice(0, count)) {
    await copyFile(join(source, name), join(folder, name));
  }
  return folder;
}

/** The files that show what a query asks for. */
export async function relevant(stage, query) {
  const table = await readFile(join(stage.photos, "queries.tsv"), "utf8");
  const line = table.split("\n").find((each) => each.startsWith(`${query}\t`));
  return line.split("\t")[1].split(",");
}

export async function thumbnailsAreShown(window) {
  await eventually("thumbnails are shown", () =>
    window.run(
      `const images = [...document.querySelectorAll('[data-testid="tile"] img')];
       return images.length > 0 && images.every((image) => image.naturalWidth > 0)`,
    ),
  );
}

/** Whether all is done, and the library has so many photos. */
export async function rests(window, photos) {
  const bar = await window.find("status-bar");
  return (
    (await window.all("pause")).length === 0 &&
    (await bar.text()).startsWith(`${photos} photos in the library`)
  );
}

/** How many photos on view are marked as away, to see and to hear, and how many are not. */
export async function marks(window) {
  return window.run(
    `const tiles = [...document.querySelectorAll('[data-testid="tile"]')];
     const marked = tiles.filter((tile) =>
       tile.ariaLabel.endsWith(", offline") && tile.querySelector(".badge svg"));
     const plain = tiles.filter((tile) =>
       !tile.ariaLabel.includes("offline") && !tile.querySelector(".badge"));
     return { marked: marked.length, plain: plain.length };`,
  );
}

export async function viewerName(window) {
  const name = await window.find("viewer-name");
  return eventually("the photo's name is shown", () => name.text());
}

/**
 * The page did nothing against its content security policy since it was opened; and the policy is
 * in force, which a script and a picture from elsewhere show.
 */
export async function keepsItsPolicy(window) {
  assert.deepEqual(await window.run("return window.violations"), []);
  assert.equal(
    await window.run("return document.fonts.check('13px \"Inter Variable\"')"),
    true,
  );
  const attack = await window.runAsync(
    `const done = arguments[0];
     const script = document.createElement("script");
     script.textContent = "window.injected = true";
     document.head.append(script);
     new Image().src = "https://example.org/pixel.png";
     setTimeout(() => done({ injected: window.injected === true, stopped: window.violations }), 200);`,
  );
  assert.equal(attack.injected, false);
  assert.deepEqual(attack.stopped, [
    "script-src-elem inline",
    "img-src https://example.org/pixel.png",
  ]);
}

/** Starts the application without driving it. */
export function launch(stage, args, options = {}) {
  return spawn(stage.binary, args, {
    env: stage.env(),
    stdio: ["ignore", "ignore", "pipe"],
    ...options,
  });
}

/** How a process ended; it is killed when it does not within `seconds`. */
export async function exitCode(child, seconds) {
  const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  const [code, signal] = await once(child, "exit");
  clearTimeout(late);
  assert.notEqual(signal, "SIGKILL", `it did not end within ${seconds} s`);
  return code;
}

/** An SQLite file without tables, of one page; https://www.sqlite.org/fileformat.html */
export function emptyDatabase(userVersion) {
  const page = Buffer.alloc(4096);
  page.write("SQLite format 3\0");
  page.writeUInt16BE(page.length, 16);
  page.set([1, 1, 0, 64, 32, 32], 18);
  page.writeUInt32BE(1, 24); // changes
  page.writeUInt32BE(1, 28); // pages
  page.writeUInt32BE(4, 44); // schema format
  page.writeUInt32BE(1, 56); // UTF-8
  page.writeUInt32BE(userVersion, 60);
  page.writeUInt32BE(1, 92); // changes at which the number of pages was right
  page.set([13], 100); // a leaf of a table,
  page.writeUInt16BE(page.length, 105); // without content
  return page;
}
