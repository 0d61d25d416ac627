// Replacing a page's function with one that watches, and putting it back.

/** Sets `owner[name]` to `wrap(original)`; the returned stop restores it unless somebody wrapped it again since. */
export function patch<T extends object, K extends keyof T>(owner: T, name: K, wrap: (original: T[K]) => T[K]): () => void {
  const original = owner[name];
  const watching = wrap(original);
  owner[name] = watching;
  return () => {
    if (owner[name] === watching) owner[name] = original;
  };
}
