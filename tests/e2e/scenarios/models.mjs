/** The models, and what each costs. */
import assert from "node:assert/strict";

import { DARK, LIGHT, everyday, keepsItsPolicy } from "../steps.mjs";
import { Key } from "../webdriver.mjs";

export const models = {
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
};
