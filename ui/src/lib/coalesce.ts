/**
 * Runs `work` when called, but never twice at a time and at most once in `interval` ms, which may
 * depend on how long the work took. Calls that come meanwhile become one run afterwards, so that
 * the last state is always seen.
 */
export function coalesce(
  work: () => Promise<void>,
  interval: number | ((took: number) => number),
): () => void {
  let running = false;
  let wanted = false;

  const run = async (): Promise<void> => {
    running = true;
    wanted = false;
    const began = performance.now();
    try {
      await work();
    } finally {
      const took = performance.now() - began;
      const wait = typeof interval === "number" ? interval : interval(took);
      setTimeout(() => {
        running = false;
        if (wanted) void run();
      }, wait);
    }
  };

  return () => {
    if (running) wanted = true;
    else void run();
  };
}
