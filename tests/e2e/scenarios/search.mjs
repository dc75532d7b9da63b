/** Asking, and looking at what answers. */
import assert from "node:assert/strict";
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import {
  DARK,
  ask,
  everyday,
  keepsItsPolicy,
  relevant,
  rests,
  thumbnailsAreShown,
  viewerName,
} from "../steps.mjs";
import { eventually, Key } from "../webdriver.mjs";

export const search = {
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
    await window.press(Key.enter);
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
    await window.press(Key.enter);
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
};
