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

  /** Shows a section; where none is asked for, the first. */
  show(section: Section = "folders"): void {
    this.section = section;
  }

  close(): void {
    this.section = null;
  }
}
