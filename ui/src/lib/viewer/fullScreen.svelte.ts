/** An element that fills the screen. Where the system refuses that, all stays as it is. */
export class FullScreen {
  on = $state(false);

  #element: (() => HTMLElement) | null = null;

  /** Follows what the system does, as when Escape is pressed; returns what ends that. */
  follow(element: () => HTMLElement): () => void {
    this.#element = element;
    const changed = (): void => {
      this.on = document.fullscreenElement === element();
    };
    document.addEventListener("fullscreenchange", changed);
    return () => {
      document.removeEventListener("fullscreenchange", changed);
      if (this.on) void this.#leave();
    };
  }

  async toggle(): Promise<void> {
    if (this.on) await this.#leave();
    else {
      try {
        await this.#element?.().requestFullscreen();
      } catch {
        // Refused: the window is as large as it was.
      }
    }
  }

  async #leave(): Promise<void> {
    try {
      await document.exitFullscreen();
    } catch {
      // It was left already.
    }
  }
}
