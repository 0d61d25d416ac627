// Short messages at the edge of the page.

import { h } from "./dom.js";

const SHOWN_MS = 3500;

/** Says that something worked. */
export function toast(text) {
  show(h("div", { class: "toast toast-success", role: "status" }, text));
}

/** Says that something went wrong. */
export function errorToast(text) {
  show(h("div", { class: "toast toast-error", role: "alert" }, text));
}

function show(message) {
  document.getElementById("toasts").append(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}
