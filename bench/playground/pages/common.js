// What all pages of the playground share.

export const faulty = (name) => window.faults.has(name);

export const byId = (id) => document.getElementById(id);

/** Make an element with attributes and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** Ask the API; the answer is `{ok, status, body}` and never an exception about a status. */
export async function api(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  const text = await answer.text();
  let parsed = {};
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = {};
  }
  return { ok: answer.ok, status: answer.status, body: parsed };
}

/** Show a short message; `kind` is a class behind `toast-`. */
export function toast(text, kind = "success", role = "status", shownMs = 3200) {
  const box = h("div", { class: `toast toast-${kind}`, role }, text);
  byId("toasts").append(box);
  setTimeout(() => box.remove(), shownMs);
}

/** Attach a click listener unless a fault keeps it from being attached. */
export function onClick(id, listener, missing) {
  if (!missing || !faulty(missing)) byId(id).addEventListener("click", listener);
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
