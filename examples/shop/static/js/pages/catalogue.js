// The catalogue: everything for sale, searched, filtered, sorted, page by page. All of it is in the address.

import { seascape } from "../art.js";
import { api } from "../api.js";
import { h } from "../dom.js";
import { productCard } from "../parts/product-card.js";
import { go } from "../router.js";

const SORTS = { featured: "Featured", price: "Price, low to high", "-price": "Price, high to low", "-rating": "Best rated", name: "Name" };
const MOST = [["", "Any price"], ["30", "Up to €30"], ["60", "Up to €60"], ["120", "Up to €120"]];

export const cataloguePage = {
  title: () => "Shop",
  load: (_, query) => api(`/products?${query}`),
  view(found, { query }) {
    const narrowed = query.get("q") || query.get("category");
    return [
      !narrowed && !query.get("page") && hero(),
      h(
        "section",
        { class: "catalogue" },
        filters(found, query),
        h("div", {}, resultsHead(found, query), results(found), pages(found, query)),
      ),
    ];
  },
};

function hero() {
  return h(
    "section",
    { class: "hero" },
    seascape(),
    h(
      "div",
      { class: "hero-text" },
      h("p", { class: "eyebrow" }, "The spring chandlery"),
      h("h1", {}, "Built for weather."),
      h("p", {}, "Lanterns, wool and brass for small boats, big seas and the kitchen table in between."),
      h("a", { class: "button", href: "/?category=Deck" }, "Shop the deck"),
    ),
  );
}

function filters(found, query) {
  const choice = (name, value, label) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name, checked: (query.get(name) ?? "") === value, onchange: () => go(address(query, { [name]: value, page: "" })) }),
      label,
    );
  return h(
    "aside",
    { class: "filters", "aria-label": "Filters" },
    h("fieldset", {}, h("legend", {}, "Department"), choice("category", "", "Everything"), found.categories.map((name) => choice("category", name, name))),
    h("fieldset", {}, h("legend", {}, "Price"), MOST.map(([value, label]) => choice("most", value, label))),
    h(
      "fieldset",
      {},
      h("legend", {}, "Availability"),
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "checkbox",
          checked: query.get("in_stock") === "1",
          "data-testid": "filter-in-stock",
          onchange: (event) => go(address(query, { in_stock: event.target.checked ? "1" : "", page: "" })),
        }),
        "In stock only",
      ),
    ),
  );
}

function resultsHead(found, query) {
  const heading = query.get("q") ? `Results for “${query.get("q")}”` : query.get("category") || "Everything on the shelves";
  const sort = query.get("sort") ?? "featured";
  return h(
    "div",
    { class: "results-head" },
    h("div", {}, h("h2", {}, heading), h("p", { class: "muted" }, found.total === 1 ? "1 article" : `${found.total} articles`)),
    h(
      "label",
      { class: "sort" },
      "Sort by",
      h(
        "select",
        { "data-testid": "sort", onchange: (event) => go(address(query, { sort: event.target.value, page: "" })) },
        Object.entries(SORTS).map(([value, label]) => h("option", { value, selected: value === sort }, label)),
      ),
    ),
  );
}

function results(found) {
  if (found.total === 0) {
    return h("div", { class: "notice" }, h("h3", {}, "Nothing in the hold"), h("p", {}, "Try another word, or take a filter off."), h("a", { class: "button", href: "/" }, "Show everything"));
  }
  return h("div", { class: "grid" }, found.items.map(productCard));
}

function pages(found, query) {
  if (found.pages === 1) return null;
  const link = (page, label) =>
    h("a", { href: address(query, { page: page === 1 ? "" : String(page) }), "aria-current": page === found.page ? "page" : null, "aria-label": label && `${label} page` }, label ?? String(page));
  return h(
    "nav",
    { class: "pages", "aria-label": "Pages" },
    found.page > 1 && link(found.page - 1, "Previous"),
    Array.from({ length: found.pages }, (_, index) => link(index + 1)),
    found.page < found.pages && link(found.page + 1, "Next"),
  );
}

function address(query, changes) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next.size ? `/?${next}` : "/";
}
