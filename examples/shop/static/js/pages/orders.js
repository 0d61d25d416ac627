// The orders of an account.

import { picture } from "../art.js";
import { api, ApiError } from "../api.js";
import { h, money } from "../dom.js";
import { accountFrame } from "../parts/account-frame.js";

export const ordersPage = {
  title: () => "Your orders",
  async load() {
    try {
      return await api("/account/orders");
    } catch (error) {
      // An account that never ordered has no list yet.
      if (error instanceof ApiError && error.status === 404) return { items: [] };
      throw error;
    }
  },
  view({ items }) {
    return accountFrame("Your orders", items.length === 0 ? h("p", { class: "lead" }, "You have not ordered anything yet.") : items.map(order));
  },
};

function order({ number, placed_at: placedAt, total, lines }) {
  return h(
    "article",
    { class: "order" },
    h("header", {}, h("strong", {}, number), h("span", { class: "muted" }, placedAt), h("span", { class: "price" }, money(total))),
    lines.map(({ product, quantity }) =>
      h("div", { class: "order-line" }, picture(product, "picture-small"), h("a", { href: `/products/${product.id}` }, product.name), h("span", { class: "muted" }, `${quantity} ×`)),
    ),
  );
}
