/** Addresses of pixels. What a browser has fetched, or failed to, it does not ask for again. */

/** With another version another address; without one (0) the address as it is. */
export function versioned(address: string, version: number): string {
  return version === 0 ? address : withQuery(address, `v=${version.toString(16)}`);
}

/** With another attempt another address; the first (0) is the address as it is. */
export function retried(address: string, attempt: number): string {
  return attempt === 0 ? address : withQuery(address, `retry=${attempt}`);
}

function withQuery(address: string, pair: string): string {
  return `${address}${address.includes("?") ? "&" : "?"}${pair}`;
}
