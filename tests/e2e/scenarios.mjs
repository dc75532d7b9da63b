/**
 * What a person does with the window. Each scenario gets a `stage` (see run.mjs) with an empty
 * library of its own, and throws where the window does not do as it should.
 */
import { library } from "./scenarios/library.mjs";
import { models } from "./scenarios/models.mjs";
import { photos } from "./scenarios/photos.mjs";
import { search } from "./scenarios/search.mjs";
import { start } from "./scenarios/start.mjs";
import { tags } from "./scenarios/tags.mjs";

export const scenarios = {
  ...start,
  ...search,
  ...photos,
  ...tags,
  ...models,
  ...library,
};
