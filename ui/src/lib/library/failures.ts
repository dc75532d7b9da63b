/** Photos that could not be read, by what was wrong with them. */
import type { Failure } from "../backend/dto";
import { said } from "../i18n/said";

export interface FailureGroup {
  reason: string;
  /** Whether trying again can help; else only another file does. */
  retried: boolean;
  failures: readonly Failure[];
}

/** Those that can be tried again first, then by how many there are. */
export function byReason(failures: readonly Failure[]): FailureGroup[] {
  const found = new Map<string, Failure[]>();
  for (const failure of failures) {
    const reason = said(failure.reason);
    const same = found.get(reason);
    if (same) same.push(failure);
    else found.set(reason, [failure]);
  }
  return [...found]
    .map(([reason, all]) => ({
      reason,
      retried: all.some(({ permanent }) => !permanent),
      failures: all,
    }))
    .sort((a, b) => Number(b.retried) - Number(a.retried) || b.failures.length - a.failures.length);
}

/** All of it as text, one photo a line, to be sent to somebody. */
export function asText(groups: readonly FailureGroup[]): string {
  return groups
    .flatMap(({ reason, failures }) => [reason, ...failures.map(({ path }) => `  ${path}`)])
    .join("\n");
}
