// Address, delivery, payment.

import { api, ApiError } from "../api.js";
import { h, money } from "../dom.js";
import { costs } from "../parts/costs.js";
import { field, values } from "../parts/field.js";
import { go } from "../router.js";
import { refresh } from "../session.js";

const DELIVERIES = [
  ["standard", "Standard", "2 to 4 days, free from €100", "€4.90"],
  ["express", "Express", "Tomorrow before noon", "€12.90"],
  ["pickup", "Pick up", "At the shop on the north quay", "Free"],
];

export const checkoutPage = {
  title: () => "Checkout",
  load: () => api("/cart"),
  view(cart) {
    if (cart.lines.length === 0) return emptyNotice();
    const bill = h("div", {}, costs(cart));
    const pay = h("button", { class: "button button-wide", type: "submit", "data-testid": "pay" }, `Pay ${money(cart.total)}`);
    const note = h("p", { class: "form-note", hidden: true });
    const onDelivery = async (event) => {
      const priced = await api(`/cart?delivery=${event.target.value}`);
      bill.replaceChildren(costs(priced));
      pay.textContent = `Pay ${money(priced.total)}`;
    };
    const onsubmit = async (event) => {
      event.preventDefault();
      if (pay.hasAttribute("aria-busy")) return;
      pay.setAttribute("aria-busy", "true");
      try {
        const order = await api("/orders", { method: "POST", body: values(event.target) });
        await refresh();
        await go(`/thanks/${order.number}`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        note.hidden = error.status !== 422;
        note.textContent = error.message;
      } finally {
        pay.removeAttribute("aria-busy");
      }
    };
    return h(
      "section",
      { class: "page" },
      h("h1", {}, "Checkout"),
      h(
        "form",
        { class: "columns", onsubmit, "aria-label": "Checkout" },
        h("div", { class: "steps" }, address(), delivery(onDelivery), payment()),
        h("aside", { class: "summary", "aria-label": "Your order" }, h("h2", {}, "Your order"), h("ul", { class: "brief" }, cart.lines.map(brief)), bill, note, pay, h("p", { class: "hint" }, "No card is ever charged here.")),
      ),
    );
  },
};

function emptyNotice() {
  return h("section", { class: "notice" }, h("h1", {}, "Nothing to pay for"), h("p", {}, "Your cart is empty."), h("a", { class: "button", href: "/" }, "Start shopping"));
}

function brief({ product, quantity }) {
  return h("li", {}, h("span", {}, `${quantity} × ${product.name}`), h("span", {}, money(product.price * quantity)));
}

function address() {
  return h(
    "fieldset",
    { class: "step" },
    h("legend", {}, "Address"),
    field("Full name", { name: "name", required: true, autocomplete: "name", "data-testid": "address-name" }),
    field("E-mail", { name: "email", type: "email", required: true, autocomplete: "email" }),
    field("Street and number", { name: "street", required: true, wide: true, autocomplete: "street-address", "data-testid": "address-street" }),
    field("Postcode", { name: "postcode", required: true, autocomplete: "postal-code", "data-testid": "address-postcode" }),
    field("City", { name: "city", required: true, autocomplete: "address-level2" }),
  );
}

function delivery(onchange) {
  return h(
    "fieldset",
    { class: "step" },
    h("legend", {}, "Delivery"),
    DELIVERIES.map(([value, title, text, price]) =>
      h(
        "label",
        { class: "delivery" },
        h("input", { type: "radio", name: "delivery", value, checked: value === "standard", onchange }),
        h("span", {}, h("strong", {}, title), h("span", { class: "muted" }, text)),
        h("span", { class: "price" }, price),
      ),
    ),
  );
}

function payment() {
  return h(
    "fieldset",
    { class: "step" },
    h("legend", {}, "Payment"),
    field("Card number", { name: "card_number", inputmode: "numeric", required: true, wide: true, autocomplete: "cc-number", "data-testid": "card-number" }),
    field("Valid until", { name: "card_expiry", placeholder: "MM/YY", required: true, autocomplete: "cc-exp" }),
    field("Security code", { name: "card_code", inputmode: "numeric", required: true, autocomplete: "cc-csc", "data-testid": "card-code" }),
  );
}
