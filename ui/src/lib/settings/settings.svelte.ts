/** Which part of the settings is on view, if any. */
export type Section = "models" | "indexing" | "sidecars";

export class Settings {
  section = $state<Section | null>(null);

  show(section: Section = "models"): void {
    this.section = section;
  }

  close(): void {
    this.section = null;
  }
}
