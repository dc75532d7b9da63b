/**
 * Runs `work` when called, but never twice at a time and at most once in `interval` ms. Calls that
 * come meanwhile become one run afterwards, so that the last state is always seen.
 */
export function coalesce(work: () => Promise<void>, interval: number): () => void {
  let running = false;
  let wanted = false;

  const run = async (): Promise<void> => {
    running = true;
    wanted = false;
    try {
      await work();
    } finally {
      setTimeout(() => {
        running = false;
        if (wanted) void run();
      }, interval);
    }
  };

  return () => {
    if (running) wanted = true;
    else void run();
  };
}
