// Which requests are the page's own, which are nobody's business, and which are ours.

type Target = string | RegExp;

/** The absolute address, or what was given if it is none. */
export function absolute(url: string): string {
  try {
    return new URL(url, document.baseURI).href;
  } catch {
    return url;
  }
}

/** Whether an address is of one origin with a target and begins like it, or matches the expression. */
export function matches(url: string, targets: readonly Target[]): boolean {
  return targets.some((target) => (typeof target === "string" ? beginsLike(url, target) : new RegExp(target, "").test(url)));
}

/** Not by the text alone: `https://shop.test` is no beginning of `https://shop.test.evil.example`. */
function beginsLike(url: string, target: string): boolean {
  const wanted = absolute(target);
  return originOf(url) === originOf(wanted) && url.startsWith(target === originOf(wanted) ? "" : wanted);
}

export function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}
