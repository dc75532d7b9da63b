/** Which of the keys that change what the pointer does are held down. */
export class HeldKeys {
  alt = $state(false);
  /** On a Mac, Command. */
  control = $state(false);

  /** Watches the window's keys; ends with what it returns. */
  follow(): () => void {
    const ending = new AbortController();
    const { signal } = ending;
    const see = ({ altKey, ctrlKey, metaKey }: KeyboardEvent): void => {
      this.alt = altKey;
      this.control = ctrlKey || metaKey;
    };
    // A key that is let go of elsewhere is not seen.
    const forget = (): void => {
      this.alt = false;
      this.control = false;
    };
    window.addEventListener("keydown", see, { signal, passive: true });
    window.addEventListener("keyup", see, { signal, passive: true });
    window.addEventListener("blur", forget, { signal });
    return () => ending.abort();
  }
}
