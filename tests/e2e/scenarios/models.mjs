/** The models, and what each costs. */
import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  ask,
  DARK,
  everyday,
  keepsItsPolicy,
  LIGHT,
  rests,
} from "../steps.mjs";
import { eventually, Key } from "../webdriver.mjs";

export const models = {
  "the settings show the models and what each costs": async (stage) => {
    const folder = await everyday(stage, 12);
    // Twice: the second window has the library of the first, and the other theme.
    for (const [theme, args, extra] of [
      ["dark", ["--add", folder], DARK],
      ["light", [], LIGHT],
    ]) {
      const window = await stage.open(args, extra);
      // It has the focus at the start; what is pressed before might lose it again.
      await window.find("search-box", 60);
      const focused = () =>
        window.run("return document.activeElement.dataset.testid");
      await eventually(
        "the box has the focus",
        async () => (await focused()) === "search-box",
        20,
      );
      await window.find("settings-button");
      await window.run(
        `document.querySelector('[data-testid="settings-button"]').focus()`,
      );
      await window.press(Key.enter);
      await (await window.find("settings-models")).click();
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
      assert.equal(await focused(), "settings-button");
      await keepsItsPolicy(window);
      await window.close();
    }
  },

  "another model takes over when its index is complete": async (stage) => {
    const folder = await everyday(stage, 24);
    const models = await twoModels(stage);
    const window = await stage.open(["--add", folder], {
      ...DARK,
      AFTERIMAGE_MODELS: models,
    });
    await eventually("all photos are indexed", () => rests(window, 24), 120);
    await (await window.find("settings-button")).click();
    await (await window.find("settings-models")).click();
    await window.find("models-installed");
    await window.run(
      `document.querySelector('[data-model="plain"] [data-testid="use-model"]').click()`,
    );
    const current = await window.find("models-current");
    await eventually("it is the one in use", async () =>
      /Plain names/.test(await current.text()),
    );
    await stage.screenshots(window, "model-switch");
    await window.press(Key.escape);
    await window.gone("settings");
    // Searching works all the while, by the old index or by the new one.
    await ask(window, "a dog");
    const count = await window.find("result-count");
    await eventually("the search answers", async () =>
      /\d+ (strong|likely)/.test(await count.text()),
    );
    await ask(window, "");
    await eventually("its index is complete", () => rests(window, 24), 120);
    const bar = await window.find("status-bar");
    assert.match(await bar.text(), /Plain names/);
    await keepsItsPolicy(window);
  },
};

/** A folder with the starter, and with the same told by plain names, which is another model. */
async function twoModels(stage) {
  const folder = join(stage.folder, "models");
  for (const id of ["starter", "plain"]) {
    await cp(stage.starter, join(folder, id), { recursive: true });
  }
  const plain = join(folder, "plain");
  // What was found out about the starter holds for the starter.
  for (const name of ["afterimage.json", "scales.json"]) {
    await rm(join(plain, name), { force: true });
  }
  const file = join(plain, "config.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  await writeFile(
    file,
    JSON.stringify({ ...config, title: "Plain names", hypernyms: 1 }),
  );
  return folder;
}
