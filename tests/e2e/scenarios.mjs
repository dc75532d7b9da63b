/**
 * What a person does with the window. Each scenario gets a `stage` (see run.mjs) with an empty
 * library of its own, and throws where the window does not do as it should.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";

import { eventually, Key } from "./webdriver.mjs";

const DARK = { GTK_THEME: "Adwaita:dark" };
const LIGHT = { GTK_THEME: "Adwaita" };

export const scenarios = {
  "a first run asks for a folder": async (stage) => {
    const window = await stage.open();
    await window.find("empty-state");
    const button = await window.find("choose-folder");
    assert.match(await button.text(), /choose a folder/i);
    assert.equal(await window.run("return document.title"), "Afterimage");
    await stage.screenshots(window, "first-run");
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

  "a folder is indexed, searched and looked at": async (stage) => {
    const folder = await everyday(stage, 40);
    const window = await stage.open(["--add", folder], DARK);

    const bar = await window.find("status-bar");
    await window.find("progress");
    await stage.screenshot(window, "indexing");
    await eventually(
      "all photos are indexed",
      async () => {
        return (
          (await window.all("pause")).length === 0 &&
          /^40 photos/.test(await bar.text())
        );
      },
      180,
    );
    await thumbnailsAreShown(window);
    await stage.screenshots(window, "library");

    // It has the focus from the start: nothing is clicked before typing.
    await window.press(..."a dog");
    const count = await window.find("result-count");
    await eventually("the search answers", async () =>
      /\d+ strong/.test(await count.text()),
    );
    await thumbnailsAreShown(window);
    await stage.screenshots(window, "search");

    const dogs = await relevant(stage, "a dog");
    const tiles = await window.all("tile");
    assert.match(await tiles[0].attribute("data-photo-id"), /^\d+$/);
    await tiles[0].click();
    const shown = await viewerName(window);
    assert.ok(dogs.includes(shown), `the best match for "a dog" is ${shown}`);
    await eventually("the photo itself is shown", () =>
      window.run(
        `const photo = document.querySelector('[data-testid="viewer-photo"]');
         return photo && photo.complete && photo.naturalWidth > 0`,
      ),
    );
    await stage.screenshots(window, "viewer");
    await window.press(Key.right);
    await eventually(
      "the next photo is shown",
      async () => (await viewerName(window)) !== shown,
    );
    await window.press(Key.escape);
    await window.gone("viewer");
    await keepsItsPolicy(window);
  },

  "a question is drawn, refined, kept and asked again": async (stage) => {
    const folder = await everyday(stage, 40);
    const photos = await readdir(folder);
    await copyFile(join(folder, photos[0]), join(folder, "a copy.jpg"));
    const window = await stage.open(["--add", folder], DARK);
    await eventually("all photos are indexed", () => rests(window, 41), 180);

    // Words, a filter, and one that is not understood.
    await window.press(..."a dog type:jpeg date:someday");
    const query = await window.find("query-text");
    await eventually("its parts are drawn", async () =>
      (await query.text()).includes("type:jpeg"),
    );
    const count = await window.find("result-count");
    await eventually("the search answers", async () =>
      /\d+ strong/.test(await count.text()),
    );
    const note = await window.find("problem-note");
    assert.match(await note.text(), /someday|date/);
    await stage.screenshots(window, "question");

    // More like the first photo, which is a chip from then on.
    await ask(window, "a dog");
    await window.gone("problem-note");
    await eventually("the search answers", async () =>
      /\d+ strong/.test(await count.text()),
    );
    await (await window.all("tile"))[0].click();
    await (await window.find("more-like")).click();
    await window.press(Key.escape);
    await window.gone("viewer");
    const chip = await window.find("chip");
    assert.match(await chip.attribute("title"), /^More like /);
    await thumbnailsAreShown(window);
    await stage.screenshots(window, "feedback");

    // It is kept, with its count, and asked again after another one.
    await (await window.find("save-search")).click();
    const name = await window.find("search-name");
    await name.type("Our dogs");
    await window.press(Key.enter);
    const saved = await window.find("saved-search");
    await eventually("it is counted", async () =>
      /dogs[^]*\d+/i.test(await saved.text()),
    );
    await window.run(
      `document.querySelector('[aria-label="Clear the search"]').click()`,
    );
    await window.gone("chip");
    await window.run(
      `document.querySelector('[data-testid="saved-search"] button').click()`,
    );
    await window.find("chip");
    await eventually("it is asked again", async () =>
      /\d+ (strong|likely)/.test(await count.text()),
    );

    // The copy is told from its original, and nothing is asked of it.
    await (await window.find("duplicates-entry")).click();
    const group = await window.find("duplicate-group", 60);
    assert.match(await group.text(), /a copy\.jpg/);
    await stage.screenshots(window, "duplicates");
    assert.deepEqual((await readdir(folder)).length, 41);
    await keepsItsPolicy(window);
  },

  "suggestions are decided on, and the library is seen as a whole": async (
    stage,
  ) => {
    const folder = await everyday(stage, 120);
    const window = await stage.open(["--add", folder], DARK);
    await eventually("all photos are indexed", () => rests(window, 120), 180);

    // The first category that has something to review.
    await eventually(
      "tags are suggested",
      () =>
        window.run(
          `return !document.querySelector('[data-testid="review-tags"]').disabled`,
        ),
      60,
    );
    await thumbnailsAreShown(window);
    await (await window.find("review-tags")).click();
    const first = await window.find("review-photo");
    const before = (await window.all("review-photo")).length;
    await stage.screenshots(window, "review");
    await first.click();
    await window.press("c");
    const said = await window.find("review-said");
    await eventually("it is confirmed", async () =>
      /confirmed/i.test(await said.text()),
    );
    await window.press("u");
    await eventually(
      "it is suggested again",
      async () => (await window.all("review-photo")).length === before,
    );

    // Any word can be a tag.
    await window.run(
      `[...document.querySelectorAll("nav button, aside button")]
         .find((button) => button.textContent.trim().startsWith("Library")).click()`,
    );
    await window.gone("review");
    await window.find("tile");
    await (await window.all("tile"))[0].click();
    await window.find("photo-tags");
    await window.press("t");
    await window.press(..."Our garden", Key.enter);
    await eventually("it has the tag", async () => {
      const given = await window.all("given-tag");
      const names = await Promise.all(given.map((tag) => tag.text()));
      return names.some((name) => name.includes("Our garden"));
    });
    await stage.screenshots(window, "tagged");
    // Out of the field, then out of the viewer.
    await window.press(Key.escape);
    await window.press(Key.escape);
    await window.gone("viewer");
    await ask(window, 'tag:"our garden"');
    const count = await window.find("result-count");
    await eventually("the tag is found", async () =>
      /^1 photo/.test(await count.text()),
    );

    // As a whole.
    await (await window.find("map-entry")).click();
    await window.find("photo-map", 60);
    await stage.screenshots(window, "map");
    await (await window.find("insight-entry")).click();
    await window.find("insight", 60);
    assert.ok((await window.all("figure")).length > 10);
    assert.equal((await window.all("plot")).length, 5);
    await stage.screenshots(window, "insight");
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".xmp")),
      [],
    );
    await keepsItsPolicy(window);
  },

  "the settings show the models and what each costs": async (stage) => {
    const folder = await everyday(stage, 12);
    // Twice: the second window has the library of the first, and the other theme.
    for (const [theme, args, extra] of [
      ["dark", ["--add", folder], DARK],
      ["light", [], LIGHT],
    ]) {
      const window = await stage.open(args, extra);
      const gear = await window.find("settings-button", 60);
      await gear.click();
      await window.find("settings");
      const current = await window.find("models-current");
      assert.match(await current.text(), /^Starter\b/);
      assert.match(await current.text(), /Apache-2\.0 licence/);
      const available = await window.find("models-available");
      // The recommended one comes first, with its size and its terms before any download.
      assert.match(
        await available.text(),
        /^[^\n]+\s+Recommended\s[^]*?\d+ MB\s+MIT licence/,
      );
      const device = await window.find("device");
      assert.match(await device.text(), /^Runs on /);
      await stage.screenshots(window, `settings-${theme}`);
      await window.press(Key.escape);
      await window.gone("settings");
      assert.equal(
        await window.run("return document.activeElement.dataset.testid"),
        "settings-button",
      );
      await keepsItsPolicy(window);
      await window.close();
    }
  },

  "a library by a newer version is refused and left alone": async (stage) => {
    const file = join(stage.library, "library.sqlite");
    const before = emptyDatabase(9999);
    await mkdir(stage.library);
    await writeFile(file, before);
    const window = await stage.open();
    const message = await window.find("failed-state");
    assert.match(await message.text(), /newer version/);
    await stage.screenshots(window, "newer-library");
    assert.deepEqual(await readFile(file), before);
    await keepsItsPolicy(window);
  },

  "a broken photo is listed with its reason": async (stage) => {
    const folder = await everyday(stage, 3);
    await writeFile(
      join(folder, "holiday.jpg"),
      "no photo, whatever its name says",
    );
    const window = await stage.open(["--add", folder]);
    const button = await window.find("failures-button", 120);
    assert.match(await button.text(), /1 photo/);
    await button.click();
    const list = await window.find("failures-list");
    const text = await eventually("the list is filled", () => list.text());
    await stage.screenshots(window, "failures");
    const [name, reason] = text.split(/\n+/);
    assert.equal(name, "holiday.jpg");
    assert.match(reason, /^Not a picture/);
    await window.press(Key.escape);
    await window.gone("failures-list");
    await keepsItsPolicy(window);
  },

  "photos of a folder that is away stay, and are marked until it is back":
    async (stage) => {
      const folder = await everyday(stage, 6);
      const away = `${folder}-away`;
      const window = await stage.open(["--add", folder], DARK);
      await eventually("all photos are indexed", () => rests(window, 6), 120);
      await thumbnailsAreShown(window);
      assert.deepEqual(await marks(window), { marked: 0, plain: 6 });

      await rename(folder, away);
      await eventually(
        "all photos are marked",
        async () => (await marks(window)).marked === 6,
        60,
      );
      assert.deepEqual(await marks(window), { marked: 6, plain: 0 });
      await thumbnailsAreShown(window);
      const [entry] = await window.all("folder");
      assert.match(await entry.attribute("title"), /not connected/);
      await stage.screenshots(window, "offline");

      // They are found as before.
      await (await window.find("search-box")).type("a dog");
      const count = await window.find("result-count");
      await eventually("the search answers", async () =>
        /\d+ (strong|likely)/.test(await count.text()),
      );
      assert.ok((await marks(window)).marked > 0);
      await window.press(Key.escape);

      await rename(away, folder);
      await eventually(
        "no photo is marked any more",
        async () => (await marks(window)).plain === 6,
        60,
      );
      assert.deepEqual(await marks(window), { marked: 0, plain: 6 });
      await eventually("the window is at rest", () => rests(window, 6));
      await keepsItsPolicy(window);
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
    const second = start(stage, ["--add", "other"], { cwd: stage.folder });
    assert.equal(await exitCode(second, 10), 0);
    await eventually(
      "two folders are there",
      async () => (await window.all("folder")).length === 2,
    );
  },

  "a folder that is not there is refused at once": async (stage) => {
    const child = start(stage, ["--add", join(stage.folder, "nowhere")]);
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    assert.equal(await exitCode(child, 10), 2);
    assert.match(said, /nowhere/);
    assert.ok(!existsSync(stage.library));
  },

  "an interrupt ends it within two seconds": async (stage) => {
    const child = start(stage, ["--add", await everyday(stage, 40)]);
    const stored = join(stage.library, "derived.sqlite");
    await eventually("the library is open", () => existsSync(stored));
    child.kill("SIGINT");
    assert.equal(await exitCode(child, 2), 0);
  },
};

/** Puts a question into the box in place of what is there. */
async function ask(window, question) {
  await window.run(
    `const box = document.querySelector('[data-testid="search-box"]');
     box.focus();
     box.value = arguments[0];
     box.dispatchEvent(new InputEvent("input", { bubbles: true }));`,
    question,
  );
}

/** A folder with the first test photos. */
async function everyday(stage, count) {
  const source = join(stage.photos, "everyday");
  const folder = join(stage.folder, "photos");
  await mkdir(folder);
  for (const name of (await readdir(source)).sort().slice(0, count)) {
    await copyFile(join(source, name), join(folder, name));
  }
  return folder;
}

/** The files that show what a query asks for. */
async function relevant(stage, query) {
  const table = await readFile(join(stage.photos, "queries.tsv"), "utf8");
  const line = table.split("\n").find((each) => each.startsWith(`${query}\t`));
  return line.split("\t")[1].split(",");
}

async function thumbnailsAreShown(window) {
  await eventually("thumbnails are shown", () =>
    window.run(
      `const images = [...document.querySelectorAll('[data-testid="tile"] img')];
       return images.length > 0 && images.every((image) => image.naturalWidth > 0)`,
    ),
  );
}

/** Whether all is done, and the library has so many photos. */
async function rests(window, photos) {
  const bar = await window.find("status-bar");
  return (
    (await window.all("pause")).length === 0 &&
    (await bar.text()).startsWith(`${photos} photos in the library`)
  );
}

/** How many photos on view are marked as away, to see and to hear, and how many are not. */
async function marks(window) {
  return window.run(
    `const tiles = [...document.querySelectorAll('[data-testid="tile"]')];
     const marked = tiles.filter((tile) =>
       tile.ariaLabel.endsWith(", offline") && tile.querySelector(".badge svg"));
     const plain = tiles.filter((tile) =>
       !tile.ariaLabel.includes("offline") && !tile.querySelector(".badge"));
     return { marked: marked.length, plain: plain.length };`,
  );
}

async function viewerName(window) {
  const name = await window.find("viewer-name");
  return eventually("the photo's name is shown", () => name.text());
}

/**
 * The page did nothing against its content security policy since it was opened; and the policy is
 * in force, which a script and a picture from elsewhere show.
 */
async function keepsItsPolicy(window) {
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
function start(stage, args, options = {}) {
  return spawn(stage.binary, args, {
    env: stage.env(),
    stdio: ["ignore", "ignore", "pipe"],
    ...options,
  });
}

/** How a process ended; it is killed when it does not within `seconds`. */
async function exitCode(child, seconds) {
  const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  const [code, signal] = await once(child, "exit");
  clearTimeout(late);
  assert.notEqual(signal, "SIGKILL", `it did not end within ${seconds} s`);
  return code;
}

/** An SQLite file without tables, of one page; https://www.sqlite.org/fileformat.html */
function emptyDatabase(userVersion) {
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
