/**
 * Every state of every view, each by its address. The check for accessibility opens all of them, so
 * what is not listed here is not checked.
 */

/** 1280 x 800 pixels, or as small as the window gets: 760 x 520. */
export type WindowSize = "usual" | "small";

export interface State {
  name: string;
  /** Behind the `?` of the address. */
  address: string;
  /** Where it is worth a look. */
  sizes: readonly WindowSize[];
}

const state = (name: string, address: string): State => ({ name, address, sizes: ["usual"] });
const both = (name: string, address: string): State => ({
  name,
  address,
  sizes: ["usual", "small"],
});
/** Of what is folded away where there is little room. */
const small = (name: string, address: string): State => ({ name, address, sizes: ["small"] });

const REJECTED = "decided=dog:rejected:1.2.3.4.5.6.7.8;cat:rejected:9";
const TAGGED = "decided=dog:confirmed:1.2.3.4;food:confirmed:5";
const SAVED = "saved=Ferries at dusk:ferry at dusk;Screens:kind:screenshot";

export const states: readonly State[] = [
  both("first run", "fake=0&still=1"),
  state("first run, a folder held over it", "fake=0&still=1&open=drag"),
  state("first run, the pictures folder unknown", "fake=0&still=1&fail=proposedFolder"),
  state("first run without any model", "fake=0&models=none&still=1"),
  state("first run, the folder cannot be added", "fake=0&fail=addRoot&still=1&open=failure"),
  state("library that cannot be opened", "fake=0&state=broken"),

  both("library", `fake=60&${SAVED}&${TAGGED}&favourites=1.4.6`),
  state("library of one photo", "fake=1"),
  state("library of seven photos", "fake=7"),
  both("library without a photo", "fake=0&state=empty"),
  state("library that is scanned", "fake=0&state=scanning"),
  both("library that is indexed", "fake=60&state=indexing"),
  state("library that is indexed for the first time", "fake=400&state=indexing"),
  state("library that is indexed gently", "fake=60&state=polite"),
  state("library whose model is loaded", "fake=60&state=loadingModel"),
  state("library that waits", "fake=60&state=waiting"),
  state("library that is paused", "fake=60&state=paused"),
  state("library that waits for mains", "fake=60&state=waitingForMains"),
  state("library that waits for absence", "fake=60&state=waitingForAbsence"),
  state("library on a full disk", "fake=60&state=diskFull"),
  both("library with folders offline", "fake=60&state=offline"),
  state("library with failures", "fake=60&state=failures"),
  both("library that is damaged", "fake=60&readOnly=1"),
  state("library that cannot be listed", "fake=60&fail=library"),
  state("library that is read", "fake=60&hang=library&open=wait:200"),
  state("library with a better model offered", "fake=60&models=empty"),
  state("library with everything beside it", "fake=60&inspector=1&open=select:3"),
  state("library in squares, with scores", "fake=60&squares=1&scores=1"),
  state("library without its sidebar", "fake=60&sidebar=0"),
  both("sidebar by its key", "fake=60&open=focus:grid,key:Ctrl+b"),
  both("inspector by its key", "fake=60&open=select:3,focus:grid,key:i"),
  small("order, size and arrangement", "fake=60&open=click:view-options"),
  state("order and strictness", "fake=400&open=ask:ferry,click:tuning"),
  state("first run in German", "fake=0&lang=de&still=1"),
  both("library, its sidebar opened or closed", "fake=60&open=click:sidebar-toggle"),
  both("library, how it is shown", "fake=400&inspector=1&open=ask:ferry,click:view-options"),
  state("library, the menu of a folder", "fake=60&open=click:fold-folder,context:folder"),
  state("library in German", `fake=60&lang=de&${SAVED}&${TAGGED}&inspector=1&open=select:3`),
  state("all tags", "fake=60&open=allTags,click:hidden-tags"),
  state("tags that cannot be read", "fake=60&fail=tagTree"),
  state("notices", "fake=60&open=notice,failure"),
  state("a folder held over the window", "fake=60&open=drag"),

  both("photos chosen", "fake=60&open=select:1.2.3"),
  state("photos chosen, inspected", "fake=60&inspector=1&open=select:1.2.3"),
  both("the menu of a photo", "fake=60&open=menu:3"),
  both("export", "fake=60&open=export:1.2.3"),
  both("tagging", "fake=60&open=tag:1.2,wait:50,type:do"),
  both("the question before the trash", "fake=60&open=trash:1.2"),
  state("comparing two", "fake=60&open=compare:1.2"),
  both("comparing four", "fake=60&open=compare:1.2.3.4"),
  both("all keys", "fake=60&open=focus:grid,key:?"),

  both("answer", "fake=400&open=ask:ferry at dusk"),
  state("answer, inspected", "fake=400&inspector=1&open=ask:ferry at dusk,select:3"),
  state("answer with a filter and a problem", "fake=400&open=ask:ferry camera:fujifilm rating:x"),
  state("answer by date", "fake=400&open=ask:is:favourite sort:date"),
  state("answer of filters only", "fake=400&open=ask:camera:fujifilm"),
  state("answer without a firm match", "fake=400&open=ask:unicorn"),
  state("answer without a photo", "fake=60&open=ask:is:offline"),
  state("answer that failed", "fake=400&open=ask:error"),
  state("answer whose rest failed", "fake=4000&fail=search@2&open=ask:camera:fujifilm,more"),
  state("answer that is looked for", "fake=400&hang=search&open=ask:ferry,wait:300"),
  both("answer with pictures and feedback", "fake=400&open=ask:ferry,similar:5,like:7,unlike:9"),
  state("search box, empty", "fake=60&open=focus:search-box,wait:100"),
  state(
    "search box with samples in German",
    "fake=60&lang=de&open=focus:search-box,key:ArrowDown,wait:100",
  ),
  both("search box with completions", "fake=60&open=focus:search-box,type:cam,wait:250"),

  both("viewer", "fake=60&open=viewer:3"),
  state("viewer, inspected", "fake=60&open=viewer:3,click:viewer-info"),
  state("viewer of a long caption", "fake=60&open=viewer:39"),
  state("viewer of a photo offline", "fake=60&state=offline&open=viewer:5"),
  state("viewer of a photo that is gone", "fake=60&fail=photo:notFound&open=viewer:3"),
  state("viewer of an answer", "fake=400&open=ask:ferry,viewer:3"),
  state("viewer, choosing a region", "fake=60&open=viewer:3,click:choose-region"),
  state("viewer, read only", "fake=60&readOnly=1&open=viewer:3"),
  state("slideshow", "fake=60&open=slideshow:3"),

  both("review", `fake=200&${TAGGED}&open=review:dog`),
  state("review, tagged", `fake=200&${TAGGED}&open=review:dog,list:tagged`),
  state("review, rejected", `fake=200&${REJECTED}&open=review:dog,list:rejected`),
  both("review that has learned", "fake=200&open=review:dog,decide:6,wait:700"),
  state("review with nothing left", "fake=3&open=review:dog,decide:3,wait:50"),
  state("review of what holds others", "fake=60&open=review:scenes"),
  state("review that is computed", "fake=60&tags=computing&open=review:dog,wait:200"),
  state("review while photos are indexed", "fake=60&state=indexing&open=review:dog"),
  state("review that is read", "fake=60&hang=review&open=review:dog,wait:200"),
  state("review that cannot be listed", "fake=60&fail=review&open=review:dog"),
  state("review whose tags are read", "fake=60&hang=tagTree&open=review:dog"),
  state("review without tags", "fake=60&fail=tagTree&open=review:dog"),
  state("review of what is gone", "fake=60&open=review:own-nothing"),
  state("review with folders offline", "fake=200&state=offline&open=review:dog"),
  state("review, read only", `fake=200&readOnly=1&${TAGGED}&open=review:dog`),
  state("review in German", `fake=200&lang=de&${TAGGED}&open=review:dog`),

  both("rejected suggestions", `fake=200&${REJECTED}&open=view:rejected`),
  state("rejected suggestions, none", "fake=200&open=view:rejected"),
  state(
    "rejected suggestions that cannot be listed",
    `fake=60&${REJECTED}&fail=review&open=view:rejected`,
  ),
  state(
    "rejected suggestions that are read",
    `fake=60&${REJECTED}&hang=review&open=view:rejected,wait:200`,
  ),
  state("rejected suggestions whose tags are read", "fake=60&hang=tagTree&open=view:rejected"),
  state("rejected suggestions without tags", "fake=60&fail=tagTree&open=view:rejected"),
  state("rejected suggestions in German", `fake=200&lang=de&${REJECTED}&open=view:rejected`),

  both("duplicates", "fake=60&open=view:duplicates"),
  state("duplicates, edited", "fake=60&open=view:duplicates,duplicates:edited"),
  state("duplicates, bursts", "fake=60&open=view:duplicates,duplicates:burst"),
  state("duplicates, none", "fake=1&open=view:duplicates"),
  state("duplicates that are compared", "fake=60&hang=duplicates&open=view:duplicates,wait:200"),
  state("duplicates that failed", "fake=60&fail=duplicates&open=view:duplicates"),
  state("duplicates while photos are indexed", "fake=60&state=indexing&open=view:duplicates"),
  state("duplicates with folders offline", "fake=60&state=offline&open=view:duplicates"),
  both("duplicates, the question", "fake=60&open=view:duplicates,wait:50,askToMove"),
  state(
    "duplicates that are moved",
    "fake=60&hang=trash&open=view:duplicates,wait:50,askToMove,move",
  ),
  state("duplicates that were moved", "fake=60&open=view:duplicates,wait:50,askToMove,move"),
  state("duplicates that stayed", "fake=60&open=view:duplicates,unmoved"),
  state("duplicates, read only", "fake=60&readOnly=1&open=view:duplicates"),
  state("duplicates in German", "fake=60&lang=de&open=view:duplicates,unmoved"),

  both("map", "fake=400&open=view:map"),
  state("map that is made", "fake=400&hang=photoMap&open=view:map,mapProgress:0.4,wait:200"),
  state("map that was stopped", "fake=400&fail=photoMap:cancelled&open=view:map"),
  state("map that failed", "fake=400&fail=photoMap&open=view:map"),
  state("map of nothing", "fake=0&state=empty&open=view:map"),
  both("map with photos chosen", "fake=400&open=view:map,wait:50,cluster:1"),
  state("map, naming a search", "fake=400&open=view:map,wait:50,cluster:1,click:save-chosen"),
  state("map while photos are indexed", "fake=400&state=indexing&open=view:map,wait:50,outdated"),
  state("map in German", "fake=400&lang=de&open=view:map,wait:50,cluster:1"),

  both("insight", "fake=60&open=view:insight"),
  state("insight that is computed", "fake=60&hang=insight&open=view:insight,wait:200"),
  state("insight that was stopped", "fake=60&fail=insight:cancelled&open=view:insight"),
  state("insight that failed", "fake=60&fail=insight&open=view:insight"),
  state("insight of too few photos", "fake=7&open=view:insight"),
  state("insight while photos are indexed", "fake=60&state=indexing&open=view:insight"),
  state("insight in German", "fake=60&lang=de&open=view:insight"),

  both("category editor", "fake=60&open=category:dog"),
  state("category editor, new and wrong", "fake=60&open=category,click:save-category"),
  state(
    "category editor, deleting",
    "fake=60&decided=own-grandma:tagged:1&open=category:own-grandma,click:delete-category",
  ),

  both("settings, folders", "fake=60&state=offline&open=settings:folders"),
  both("settings, categories", `fake=60&${TAGGED}&open=settings:categories`),
  both("settings, appearance", "fake=60&open=settings:appearance"),
  both("settings, keys", "fake=60&open=settings:keys"),
  state("settings, language", "fake=60&open=settings:language"),
  both("settings, privacy", "fake=60&open=settings:privacy,wait:50"),
  state(
    "settings, privacy that cannot be told",
    "fake=60&fail=storage&open=settings:privacy,wait:50",
  ),
  state("settings, privacy in German", "fake=60&lang=de&open=settings:privacy,wait:50"),
  state("settings, keys in German", "fake=60&lang=de&open=settings:keys"),
  state("settings, about", "fake=60&open=settings:about,wait:50"),
  state("settings, about that cannot be told", "fake=60&fail=about&open=settings:about,wait:50"),
  both("settings, models", "fake=60&models=many&still=1&open=settings:models"),
  state("settings, no model", "fake=60&models=none&still=1&open=settings:models"),
  state(
    "settings, a download that waits",
    "fake=60&models=interrupted&still=1&open=settings:models",
  ),
  state(
    "settings, a model in preparation",
    "fake=60&models=preparing&still=1&open=settings:models",
  ),
  state("settings, a broken model", "fake=60&models=broken&still=1&open=settings:models"),
  state("settings, models that cannot be listed", "fake=60&fail=models&open=settings:models"),
  both("settings, indexing", "fake=60&open=settings:indexing"),
  state("settings, sidecars", `fake=60&${TAGGED}&open=settings:sidecars,click:preview-sidecars`),
  state("settings, folders, read only", "fake=60&readOnly=1&open=settings:folders"),
  state("settings, a new category", "fake=60&open=settings:categories,click:settings-new-tag"),
  state(
    "settings, categories that cannot be read",
    "fake=60&fail=tagTree&open=settings:categories",
  ),
  state("settings, privacy that is read", "fake=60&hang=storage&open=settings:privacy"),
  state("settings, models in German", "fake=60&models=many&lang=de&still=1&open=settings:models"),
  both("failures", "fake=60&state=failures&open=click:failures-button"),
  state(
    "failures that cannot be listed",
    "fake=60&state=failures&fail=failures&open=click:failures-button",
  ),
];
