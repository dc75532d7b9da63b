/** What Afterimage is made of by others, with their terms. `assets/NOTICE.md` has these in full. */
import type { MessageKey } from "../i18n/i18n.svelte";

interface Credit {
  name: string;
  what: MessageKey;
  /** As it is called; null for what belongs to everybody. */
  license: string | null;
}

export const CREDITS: readonly Credit[] = [
  { name: "EfficientNet-Lite2", what: "settings.creditImages", license: "Apache-2.0" },
  { name: "all-MiniLM-L6-v2", what: "settings.creditSentences", license: "Apache-2.0" },
  { name: "WordNet 3.0", what: "settings.creditNames", license: "WordNet" },
  { name: "GeoNames", what: "settings.creditTowns", license: "CC BY 4.0" },
  { name: "Tauri", what: "settings.creditWindow", license: "MIT, Apache-2.0" },
  { name: "Svelte", what: "settings.creditView", license: "MIT" },
  { name: "Candle", what: "settings.creditModels", license: "MIT, Apache-2.0" },
  { name: "SQLite", what: "settings.creditLibrary", license: null },
  { name: "Inter", what: "settings.creditFont", license: "OFL-1.1" },
  { name: "Lucide", what: "settings.creditIcons", license: "ISC" },
];
