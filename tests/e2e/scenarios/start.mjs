/** How the window starts, and how it ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  ask,
  DARK,
  everyday,
  exitCode,
  keepsItsPolicy,
  launch,
  rests,
  thumbnailsAreShown,
} from "../steps.mjs";
import { eventually } from "../webdriver.mjs";

export const start = {
  "a first run asks for a folder": async (stage) => {
    const window = await stage.open();
    await window.find("empty-state");
    const button = await window.find("choose-folder");
    assert.match(await button.text(), /choose a folder/i);
    assert.equal(await window.run("return document.title"), "Afterimage");
    await stage.screenshots(window, "first-run");
    await keepsItsPolicy(window);
  },

  "a first run leads to the first result": async (stage) => {
    const pictures = await proposed(stage, 24);
    const window = await stage.open([], DARK);
    const offer = await window.find("proposed-folder");
    assert.match(await offer.text(), new RegExp(pictures));
    await stage.screenshots(window, "first-run-proposed");
    await (await window.find("use-proposed")).click();
    // Photos come to view while they are indexed, and the first ones are found already.
    await window.find("tile", 60);
    await stage.screenshot(window, "first-run-indexing");
    await eventually("all photos are indexed", () => rests(window, 24), 120);
    await ask(window, "a dog");
    const count = await window.find("result-count");
    await eventually("the search answers", async () =>
      /\d+ (strong|likely)/.test(await count.text()),
    );
    await thumbnailsAreShown(window);
    await keepsItsPolicy(window);
  },

  "the window follows the dark theme": async (stage) => {
    const window = await stage.open([], DARK);
    await window.find("choose-folder");
    const ground = await window.run(
      "return getComputedStyle(document.body).backgroundColor",
    );
    assert.equal(ground, "rgb(17, 18, 20)");
    await stage.screenshots(window, "first-run-dark");
  },

  "a second start adds its folder to the open window": async (stage) => {
    const window = await stage.open(["--add", await everyday(stage, 2)]);
    await eventually(
      "one folder is there",
      async () => (await window.all("folder")).length === 1,
    );
    const other = join(stage.folder, "other");
    await mkdir(other);
    // Relative, to where the second one is started.
    const second = launch(stage, ["--add", "other"], { cwd: stage.folder });
    assert.equal(await exitCode(second, 10), 0);
    await eventually(
      "two folders are there",
      async () => (await window.all("folder")).length === 2,
    );
  },

  "a folder that is not there is refused at once": async (stage) => {
    const child = launch(stage, ["--add", join(stage.folder, "nowhere")]);
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    assert.equal(await exitCode(child, 10), 2);
    assert.match(said, /nowhere/);
    assert.ok(!existsSync(stage.library));
  },

  "an interrupt ends it within two seconds": async (stage) => {
    const child = launch(stage, ["--add", await everyday(stage, 40)]);
    const stored = join(stage.library, "derived.sqlite");
    await eventually("the library is open", () => existsSync(stored));
    child.kill("SIGINT");
    assert.equal(await exitCode(child, 2), 0);
  },
};

/** The system's folder for pictures, with the first test photos. */
async function proposed(stage, count) {
  const folder = join(stage.folder, "Pictures");
  await rename(await everyday(stage, count), folder);
  const config = join(stage.folder, "config");
  await mkdir(config);
  await writeFile(
    join(config, "user-dirs.dirs"),
    'XDG_PICTURES_DIR="$HOME/Pictures"\n',
  );
  return folder;
}
