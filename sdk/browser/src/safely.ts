// The border between the page's code and ours: whatever breaks on our side stays there.

/** Wraps `work` so that it never throws; a failure yields undefined. */
export function safely<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return work(...args);
    } catch {
      return undefined;
    }
  };
}
