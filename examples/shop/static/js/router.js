// Which page stands for which path. A page is {title, load, view}: data first, then one element made of it.

import { ApiError } from "./api.js";
import { h } from "./dom.js";
import { footer, header, updateHeader } from "./shell.js";

const routes = [];
let turn = 0;

/** Registers a page; ":name" in the pattern matches one part of the path. */
export function route(pattern, page) {
  const expression = new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
  routes.push({ expression, page });
}

/** Goes to a path of the shop. */
export function go(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"]({}, "", path);
  return show();
}

/** Shows the page of the present address. */
export async function show() {
  const mine = ++turn;
  const { page, params } = match(location.pathname);
  const query = new URLSearchParams(location.search);
  const data = await load(page, params, query);
  if (mine !== turn || data === null) return;
  if (data instanceof ApiError) return render("Not found", () => problem(data));
  render(page.title(data), () => page.view(data, { params, query }));
}

function render(title, view) {
  const app = document.getElementById("app");
  document.title = `${title} – Tidewater Supply`;
  app.replaceChildren();
  const content = view();
  app.append(header(), h("main", { id: "content" }, content), footer());
  updateHeader();
  window.scrollTo(0, 0);
}

async function load(page, params, query) {
  try {
    return await page.load(params, query);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) return error;
    await go(`/login?next=${encodeURIComponent(location.pathname)}`, { replace: true });
    return null;
  }
}

function match(path) {
  for (const { expression, page } of routes) {
    const found = expression.exec(path);
    if (found) return { page, params: found.groups ?? {} };
  }
  return { page: { title: () => "Not found", load: async () => ({}), view: () => problem(new ApiError(404, "")) }, params: {} };
}

function problem(error) {
  return h(
    "section",
    { class: "notice" },
    h("h1", {}, error.status === 404 ? "Lost at sea" : "That did not work"),
    h("p", {}, error.message || "There is no page at this address."),
    h("a", { class: "button", href: "/" }, "Back to the shop"),
  );
}

/** Lets links inside the shop change the page without loading it. */
export function startRouter() {
  addEventListener("popstate", () => void show());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/']");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void go(link.getAttribute("href"));
  });
  return show();
}
