// A quantity with a button on either side.

import { h } from "../dom.js";

const MOST = 20;

/** A stepper for `quantity`; `onChange` gets each new number. */
export function stepper(label, quantity, onChange) {
  let count = quantity;
  const shown = h("output", { "aria-label": `Quantity of ${label}` }, String(count));
  const step = (by) => () => {
    const next = Math.min(MOST, Math.max(1, count + by));
    if (next === count) return;
    count = next;
    shown.textContent = count;
    onChange(count);
  };
  return h(
    "div",
    { class: "stepper", role: "group", "aria-label": `Quantity of ${label}` },
    h("button", { type: "button", "aria-label": `One ${label} less`, onclick: step(-1) }, "−"),
    shown,
    h("button", { type: "button", "aria-label": `One more ${label}`, onclick: step(1) }, "+"),
  );
}
