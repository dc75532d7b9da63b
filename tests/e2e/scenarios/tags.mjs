/** Tags, and the library seen as a whole. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";

import {
  DARK,
  ask,
  everyday,
  keepsItsPolicy,
  rests,
  thumbnailsAreShown,
} from "../steps.mjs";
import { eventually, Key } from "../webdriver.mjs";

export const tags = {
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
    await window.press("y");
    const said = await window.find("review-said");
    await eventually("it is confirmed", async () =>
      /confirmed/i.test(await said.text()),
    );
    await window.chord(Key.control, "z");
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
    await window.press(Key.enter);
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
};
