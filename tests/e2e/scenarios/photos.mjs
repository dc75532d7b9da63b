/** What is done to photos: choosing, judging, looking closely, taking back. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  ask,
  counted,
  DARK,
  everyday,
  keepsItsPolicy,
  rests,
  thumbnailsAreShown,
  viewerName,
} from "../steps.mjs";
import { eventually, Key } from "../webdriver.mjs";

export const photos = {
  "photos are chosen, judged and tagged, and all of it is taken back": async (
    stage,
  ) => {
    const folder = await everyday(stage, 12);
    const before = await digests(folder);
    const window = await stage.open(["--add", folder], DARK);
    await eventually("all photos are indexed", () => rests(window, 12), 120);
    await thumbnailsAreShown(window);

    // The first by a click, three more by keys.
    await (await window.all("tile"))[0].click();
    for (let i = 0; i < 3; i++) await window.chord(Key.shift, Key.right);
    await eventually(
      "four are chosen",
      async () => (await chosen(window)) === 4,
    );
    await window.press("4");
    await window.press("f");
    await stage.screenshots(window, "chosen");
    await window.press("t");
    await window.find("tag-dialog");
    await window.press(..."Our summer", Key.enter);
    await window.gone("tag-dialog");

    await ask(window, "rating:4");
    await counted(window, 4);
    await ask(window, "is:favourite");
    await counted(window, 4);
    await ask(window, 'tag:"our summer"');
    await counted(window, 4);

    // The last first: the tag, the hearts, the stars.
    await focusGrid(window);
    await window.chord(Key.control, "z");
    await counted(window, 0);
    await ask(window, "is:favourite");
    await counted(window, 4);
    await focusGrid(window);
    await window.chord(Key.control, "z");
    await counted(window, 0);
    await ask(window, "rating:4");
    await counted(window, 4);
    await focusGrid(window);
    await window.chord(Key.control, "z");
    await counted(window, 0);
    assert.deepEqual(await digests(folder), before);
    await keepsItsPolicy(window);
  },

  "the viewer is walked, zoomed and turned by keys": async (stage) => {
    const folder = await everyday(stage, 12);
    const before = await digests(folder);
    const window = await stage.open(["--add", folder], DARK);
    await eventually("all photos are indexed", () => rests(window, 12), 120);
    await thumbnailsAreShown(window);
    await (await window.all("tile"))[0].click();
    await window.press(Key.enter);
    const first = await viewerName(window);
    await window.press(Key.right);
    await eventually("the next photo is shown", async () => {
      return (await viewerName(window)) !== first;
    });
    await window.press(Key.end, Key.left, Key.home);
    await eventually("the first photo is shown", async () => {
      return (await viewerName(window)) === first;
    });
    // Closer, turned, judged, with what is known of it.
    await window.press("r");
    await window.press("i");
    const known = await window.find("inspector");
    await eventually("its file is told", async () =>
      (await known.text()).includes(first),
    );
    await window.press("f", "5");
    await stage.screenshots(window, "inspected");
    await window.press("i");
    await window.press(Key.escape);
    await window.gone("viewer");
    await ask(window, "is:favourite rating:5");
    await counted(window, 1);
    assert.deepEqual(await digests(folder), before);
    await keepsItsPolicy(window);
  },

  "a small window has all that a large one has": async (stage) => {
    const folder = await everyday(stage, 40);
    const window = await stage.open(["--add", folder], DARK);
    await window.resize(760, 520);
    await eventually("all photos are indexed", () => rests(window, 40), 120);
    await thumbnailsAreShown(window);
    await stage.screenshot(window, "small-760x520");
    await (await window.find("sidebar-toggle")).click();
    await window.find("duplicates-entry");
    await stage.screenshot(window, "small-sidebar-760x520");
    await window.press(Key.escape);
    await window.gone("duplicates-entry");
    await ask(window, "a dog");
    await eventually("the search answers", async () =>
      /\d+ (strong|likely)/.test(
        await (await window.find("result-count")).text(),
      ),
    );
    await (await window.all("tile"))[0].click();
    await window.press("i");
    await window.find("inspector");
    await stage.screenshot(window, "small-inspector-760x520");
    assert.ok(await fits(window), "nothing is wider than the window");
    await keepsItsPolicy(window);
  },
};

async function chosen(window) {
  return window.run(
    `return document.querySelectorAll('[data-testid="tile"][aria-selected="true"]').length`,
  );
}

/** Out of the box, whose keys are its own. */
async function focusGrid(window) {
  await window.run("document.activeElement.blur()");
}

/** Whether the page is no wider than what is seen of it. */
async function fits(window) {
  return window.run(
    "return document.documentElement.scrollWidth <= window.innerWidth",
  );
}

/** What is in each file of a folder. */
async function digests(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const hash = createHash("sha256");
      hash.update(await readFile(join(folder, name)));
      return `${name} ${hash.digest("hex")}`;
    }),
  );
}
