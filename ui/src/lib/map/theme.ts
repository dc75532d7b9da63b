/** Tells when the window wears other colours. What is painted does not change by itself. */

/** Calls `work` each time, until the returned function is called. */
export function onOtherTheme(work: () => void): () => void {
  const worn = new MutationObserver(work);
  worn.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => worn.disconnect();
}
