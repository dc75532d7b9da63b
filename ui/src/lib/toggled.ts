/** The same set with a member more, or without it. */
export function toggled<T>(all: ReadonlySet<T>, member: T, on: boolean): ReadonlySet<T> {
  const changed = new Set(all);
  if (on) changed.add(member);
  else changed.delete(member);
  return changed;
}

/** What `remember` keeps of a set of names, and back. */
export function named(text: string | null): ReadonlySet<string> {
  return new Set((text ?? "").split("\n").filter((name) => name !== ""));
}

export function joined(names: ReadonlySet<string>): string {
  return [...names].join("\n");
}
