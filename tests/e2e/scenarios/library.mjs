/** What may be wrong with a library, its folders and its photos. */
import assert from "node:assert/strict";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  DARK,
  emptyDatabase,
  everyday,
  keepsItsPolicy,
  marks,
  rests,
  thumbnailsAreShown,
} from "../steps.mjs";
import { eventually, Key } from "../webdriver.mjs";

export const library = {
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
    const text = await eventually("the list is filled", async () => {
      const words = await list.text();
      return words.includes("holiday.jpg") && words;
    });
    await stage.screenshots(window, "failures");
    // The reason heads the photos that have it.
    assert.match(text, /^Not a picture/);
    assert.match(text, /^holiday\.jpg$/m);
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
};
