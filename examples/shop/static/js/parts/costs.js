// What a cart costs, line by line.

import { h, money } from "../dom.js";

/** Subtotal, discount, delivery and total of a cart. */
export function costs(cart) {
  return h(
    "dl",
    { class: "costs" },
    line("Goods", money(cart.goods)),
    cart.discount > 0 && line(`Code ${cart.coupon}`, `−${money(cart.discount)}`),
    line("Delivery", cart.delivery === 0 ? "Free" : money(cart.delivery)),
    h("div", { class: "costs-total" }, h("dt", {}, "Total"), h("dd", {}, money(cart.total))),
  );
}

function line(label, amount) {
  return h("div", {}, h("dt", {}, label), h("dd", {}, amount));
}
