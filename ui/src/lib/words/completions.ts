/**
 * What filters and those of their values mean that are the same in every library. The engine says
 * it in English, which stays where it is not known here.
 */
import type { Completion } from "../backend/dto";
import { t, type MessageKey } from "../i18n/i18n.svelte";

const FILTERS: Readonly<Record<string, MessageKey>> = {
  date: "search.filterDate",
  added: "search.filterAdded",
  camera: "search.filterCamera",
  lens: "search.filterLens",
  iso: "search.filterIso",
  f: "search.filterAperture",
  mm: "search.filterFocal",
  folder: "search.filterFolder",
  name: "search.filterName",
  type: "search.filterType",
  rating: "search.filterRating",
  tag: "search.filterTag",
  suggested: "search.filterSuggested",
  is: "search.filterIs",
  has: "search.filterHas",
  near: "search.filterNear",
  orientation: "search.filterOrientation",
  mp: "search.filterMegapixels",
  size: "search.filterSize",
  sort: "search.filterSort",
  image: "search.filterImage",
  similar: "search.filterSimilar",
};

const DATES: Readonly<Record<string, MessageKey>> = {
  today: "search.dateToday",
  yesterday: "search.dateYesterday",
  "this week": "search.dateThisWeek",
  "last week": "search.dateLastWeek",
  "last weekend": "search.dateLastWeekend",
  "last 30 days": "search.dateLast30Days",
  "this month": "search.dateThisMonth",
  "last month": "search.dateLastMonth",
  "this year": "search.dateThisYear",
  "last year": "search.dateLastYear",
  "last spring": "search.dateLastSpring",
  "last summer": "search.dateLastSummer",
  "last autumn": "search.dateLastAutumn",
  "last winter": "search.dateLastWinter",
};

const VALUES: Readonly<Record<string, Readonly<Record<string, MessageKey>>>> = {
  date: DATES,
  added: DATES,
  is: {
    favourite: "search.isFavourite",
    untagged: "search.isUntagged",
    offline: "search.isOffline",
    rejected: "search.isRejected",
  },
  has: {
    gps: "search.hasGps",
    description: "search.hasDescription",
    title: "search.hasTitle",
    tag: "search.hasTag",
    rating: "search.hasRating",
  },
  orientation: {
    portrait: "search.isPortrait",
    landscape: "search.isLandscape",
    square: "search.isSquare",
  },
  sort: {
    date: "search.sortDate",
    oldest: "search.sortOldest",
    added: "search.sortAdded",
    relevance: "search.sortRelevance",
  },
};

/** What a completion of this text means; null where there is nothing to say. */
export function completionDetail(query: string, { from, text, detail }: Completion): string | null {
  if (detail === null) return null;
  const filter = /(\p{L}+):[^\s:]*$/u.exec(query.slice(0, from))?.[1]?.toLowerCase();
  const known = text.endsWith(":")
    ? FILTERS[text.slice(0, -1)]
    : VALUES[filter ?? ""]?.[text.replaceAll('"', "")];
  return known === undefined ? detail : t(known);
}
