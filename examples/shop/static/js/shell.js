// What stands around every page: header and footer.

import { icon, mark } from "./art.js";
import { h } from "./dom.js";
import { go } from "./router.js";
import { onSession, session } from "./session.js";

const CATEGORIES = ["Galley", "Apparel", "Deck", "Navigation", "Stowage", "Cabin"];

/** The header; `updateHeader` fills in the numbers. */
export function header() {
  return h(
    "div",
    { class: "masthead" },
    h("p", { class: "ribbon" }, "Free delivery from €100 · Returns within 60 days · Repairs for life"),
    h(
      "header",
      { class: "header" },
      h("a", { class: "brand", href: "/", "aria-label": "Tidewater Supply, home" }, mark(), h("span", {}, "Tidewater Supply")),
      searchForm(),
      h(
        "nav",
        { class: "tools", "aria-label": "Your things" },
        tool(session.logged_in ? "/account" : "/login", "person", "Log in", "account"),
        tool("/wishlist", "heart", "Wishlist"),
        tool("/cart", "cart", "Cart", "cart"),
      ),
    ),
    h(
      "nav",
      { class: "categories", "aria-label": "Departments" },
      h("a", { href: "/" }, "Everything"),
      CATEGORIES.map((name) => h("a", { href: `/?category=${name}` }, name)),
    ),
  );
}

function tool(href, image, label, testId) {
  return h(
    "a",
    { class: "tool", href, "data-testid": testId ? `header-${testId}` : null },
    icon(image),
    h("span", { class: "tool-label" }, label),
    h("span", { class: "badge", hidden: true }),
  );
}

function searchForm() {
  const asked = new URLSearchParams(location.search).get("q") ?? "";
  const field = h("input", { type: "search", name: "q", value: asked, placeholder: "Search lanterns, rope, wool…", "aria-label": "Search the shop" });
  const onsubmit = (event) => {
    event.preventDefault();
    void go(field.value.trim() ? `/?q=${encodeURIComponent(field.value.trim())}` : "/");
  };
  return h("form", { class: "search", role: "search", onsubmit }, field, h("button", { type: "submit", "aria-label": "Search" }, icon("search")));
}

/** Brings the numbers, the name and the marked department up to date. */
export function updateHeader() {
  setBadge("/cart", session.cart_count);
  setBadge("/wishlist", session.wish_count);
  const account = document.querySelector('[data-testid="header-account"] .tool-label');
  if (account) account.textContent = session.logged_in ? session.name.split(" ")[0] : "Log in";
  const category = new URLSearchParams(location.search).get("category");
  for (const link of document.querySelectorAll(".categories a")) {
    const own = new URL(link.href).searchParams.get("category");
    link.toggleAttribute("aria-current", location.pathname === "/" && own === category);
  }
}

function setBadge(href, count) {
  const badge = document.querySelector(`.tool[href="${href}"] .badge`);
  if (!badge) return;
  badge.textContent = count;
  badge.hidden = count === 0;
}

onSession(updateHeader);

/** The footer. */
export function footer() {
  return h(
    "footer",
    { class: "footer" },
    h(
      "div",
      { class: "footer-inner" },
      h("div", {}, h("p", { class: "footer-brand" }, mark(), "Tidewater Supply"), h("p", {}, "Goods for people who work on the water, and for those who wish they did. Since 1926, on the north quay.")),
      promise("truck", "Sent today", "Order before three and the parcel leaves on the evening tide."),
      promise("mend", "Mended for life", "We made it, so we can mend it. Send it home whenever it needs us."),
      promise("leaf", "Few materials", "Wool, brass, canvas, cedar: things that age instead of breaking."),
    ),
    h("p", { class: "small-print" }, "A demonstration shop. Nothing is sold here, and no card is ever charged."),
  );
}

function promise(image, title, text) {
  return h("div", { class: "promise" }, icon(image), h("div", {}, h("strong", {}, title), h("p", {}, text)));
}
