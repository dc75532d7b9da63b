/** Which part of the settings is on view, if any. */
export type Section =
  | "folders"
  | "models"
  | "indexing"
  | "sidecars"
  | "categories"
  | "appearance"
  | "keys"
  | "language"
  | "privacy"
  | "about";

export class Settings {
  section = $state<Section | null>(null);

  show(section: Section = "models"): void {
    this.section = section;
  }

  close(): void {
    this.section = null;
  }
}
