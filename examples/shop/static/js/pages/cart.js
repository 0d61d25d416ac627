// The cart.

import { picture } from "../art.js";
import { api } from "../api.js";
import { setQuantity } from "../cart.js";
import { faulty } from "../config.js";
import { h, money } from "../dom.js";
import { costs } from "../parts/costs.js";
import { stepper } from "../parts/stepper.js";
import { toast } from "../toast.js";

export const cartPage = {
  title: () => "Cart",
  load: () => api("/cart"),
  view(cart) {
    const page = h("section", { class: "page" });
    const redraw = (changed) => page.replaceChildren(...content(changed, redraw));
    redraw(cart);
    return page;
  },
};

function content(cart, redraw) {
  if (cart.lines.length === 0) {
    return [h("div", { class: "notice" }, h("h1", {}, "Your cart is empty"), h("p", {}, "An empty hold is a happy hold, but still."), h("a", { class: "button", href: "/" }, "Start shopping"))];
  }
  return [
    h("h1", {}, "Your cart"),
    h("div", { class: "columns" }, h("div", { class: "lines" }, cart.lines.map((line) => cartLine(line, redraw))), summary(cart, redraw)),
  ];
}

function cartLine({ product, quantity }, redraw) {
  const change = async (count) => redraw(await setQuantity(product.id, count));
  return h(
    "article",
    { class: "line" },
    picture(product, "picture-small"),
    h("div", { class: "line-name" }, h("a", { href: `/products/${product.id}` }, product.name), h("p", { class: "muted" }, `${money(product.price)} each`)),
    stepper(product.name, quantity, change),
    h("span", { class: "price" }, money(product.price * quantity)),
    h("button", { class: "link", type: "button", "aria-label": `Remove ${product.name}`, onclick: () => change(0) }, "Remove"),
  );
}

function summary(cart, redraw) {
  const code = h("input", { type: "text", name: "code", placeholder: "TIDE10", "aria-label": "Discount code", autocomplete: "off" });
  const note = h("p", { class: "hint" }, cart.coupon ? `${cart.coupon} is applied.` : "One code an order.");
  const apply = h("button", { class: "button button-quiet", type: "button" }, "Apply code");
  const onApply = async () => {
    const answer = await api("/cart/coupon", { method: "POST", body: { code: code.value } });
    if (!answer.applied) {
      note.textContent = "We do not know this code.";
      return;
    }
    toast("Your code is applied");
    redraw(answer.cart);
  };
  // Fault dead_button: the listener went missing when the coupon box became a component.
  if (!faulty("dead_button")) apply.addEventListener("click", onApply);
  return h(
    "aside",
    { class: "summary", "aria-label": "Summary" },
    h("h2", {}, "Summary"),
    h("div", { class: "coupon" }, code, apply),
    note,
    costs(cart),
    h("a", { class: "button button-wide", href: "/checkout", "data-testid": "go-to-checkout" }, "Go to checkout"),
  );
}
