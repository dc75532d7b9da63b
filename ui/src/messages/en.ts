/** All that the window says, in English: the messages that every other language translates. */
import actions from "./en/actions.json";
import duplicates from "./en/duplicates.json";
import failures from "./en/failures.json";
import firstRun from "./en/firstRun.json";
import grid from "./en/grid.json";
import insight from "./en/insight.json";
import inspector from "./en/inspector.json";
import library from "./en/library.json";
import map from "./en/map.json";
import models from "./en/models.json";
import pictures from "./en/pictures.json";
import progress from "./en/progress.json";
import review from "./en/review.json";
import saved from "./en/saved.json";
import search from "./en/search.json";
import settings from "./en/settings.json";
import shared from "./en/shared.json";
import shell from "./en/shell.json";
import shortcuts from "./en/shortcuts.json";
import tags from "./en/tags.json";
import viewer from "./en/viewer.json";
import words from "./en/words.json";

export const en = {
  actions,
  duplicates,
  failures,
  firstRun,
  grid,
  insight,
  inspector,
  library,
  map,
  models,
  pictures,
  progress,
  review,
  saved,
  search,
  settings,
  shared,
  shell,
  shortcuts,
  tags,
  viewer,
  words,
};

/** The same messages in some language. */
export type Messages = {
  readonly [Domain in keyof typeof en]: Readonly<Record<keyof (typeof en)[Domain], string>>;
};
