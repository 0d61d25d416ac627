// Labelled form fields.

import { h } from "../dom.js";

/** An input with its label above it. `properties` are those of the input; `name` is needed. */
export function field(label, properties) {
  return h("label", { class: `field ${properties.wide ? "field-wide" : ""}`.trim() }, h("span", {}, label), h("input", { type: "text", ...properties, wide: null }));
}

/** What a form holds, by field name. */
export function values(form) {
  return Object.fromEntries(new FormData(form));
}
