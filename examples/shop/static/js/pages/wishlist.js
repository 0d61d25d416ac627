// What a visitor would like to have.

import { api } from "../api.js";
import { h } from "../dom.js";
import { productCard } from "../parts/product-card.js";

export const wishlistPage = {
  title: () => "Wishlist",
  load: () => api("/wishlist"),
  view({ items }) {
    if (items.length === 0) {
      return h("section", { class: "notice" }, h("h1", {}, "No wishes yet"), h("p", {}, "Press the heart on anything you would like to have one day."), h("a", { class: "button", href: "/" }, "Find something"));
    }
    return h("section", { class: "page" }, h("h1", {}, "Your wishlist"), h("div", { class: "grid" }, items.map(productCard)));
  },
};
