// Putting together what belongs together.

export type Group<T> = [T, ...T[]];

/** The groups of equal keys, in the order of their first members. */
export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
