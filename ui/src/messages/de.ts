/** All that the window says, in German. */
import type { Messages } from "./en";
import actions from "./de/actions.json";
import duplicates from "./de/duplicates.json";
import failures from "./de/failures.json";
import firstRun from "./de/firstRun.json";
import grid from "./de/grid.json";
import insight from "./de/insight.json";
import inspector from "./de/inspector.json";
import library from "./de/library.json";
import map from "./de/map.json";
import models from "./de/models.json";
import pictures from "./de/pictures.json";
import progress from "./de/progress.json";
import review from "./de/review.json";
import saved from "./de/saved.json";
import search from "./de/search.json";
import settings from "./de/settings.json";
import shared from "./de/shared.json";
import shell from "./de/shell.json";
import shortcuts from "./de/shortcuts.json";
import tags from "./de/tags.json";
import viewer from "./de/viewer.json";
import words from "./de/words.json";

export const de: Messages = {
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
