// Building elements. `on…` properties are listeners, everything else is an attribute; false and null leave it out.

/** Makes `<tag>` with attributes, listeners and children (nodes, text, nested lists; false and null are skipped). */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}

/** Cents as people write them. */
export function money(cents) {
  return `€${(cents / 100).toFixed(2)}`;
}

/** A rating out of five, as stars with a spoken value. */
export function stars(rating) {
  const label = `Rated ${rating} out of 5`;
  const bar = h("span", { class: "stars", role: "img", "aria-label": label, style: `--share: ${rating * 20}%` });
  return h("span", { class: "rating" }, bar, h("span", { class: "rating-number", "aria-hidden": "true" }, rating.toFixed(1)));
}
