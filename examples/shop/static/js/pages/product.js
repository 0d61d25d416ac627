// One product.

import { icon, picture } from "../art.js";
import { api } from "../api.js";
import { addToCart } from "../cart.js";
import { faulty } from "../config.js";
import { h, money, stars } from "../dom.js";
import { productCard } from "../parts/product-card.js";
import { stepper } from "../parts/stepper.js";
import { refresh, session } from "../session.js";
import { toast } from "../toast.js";

export const productPage = {
  title: ({ product }) => product.name,
  load: ({ id }) => api(`/products/${id}`),
  view({ product, related, wished }) {
    return [
      h(
        "nav",
        { class: "crumbs", "aria-label": "Breadcrumb" },
        h("a", { href: "/" }, "Shop"),
        h("a", { href: `/?category=${product.category}` }, product.category),
        h("span", { "aria-current": "page" }, product.name),
      ),
      h(
        "section",
        { class: "product" },
        picture(product, "picture-large"),
        h(
          "div",
          { class: "product-facts" },
          h("p", { class: "eyebrow" }, product.category),
          h("h1", {}, product.name),
          stars(product.rating),
          h("p", { class: "lead" }, product.summary),
          h("p", { class: "price price-large" }, money(product.price)),
          stockLine(product),
          buy(product, wished),
          h("ul", { class: "details" }, product.details.map((detail) => h("li", {}, detail))),
          h("a", { class: "offer", href: `/products/${product.id}/deals` }, h("strong", {}, "Better together"), "See the bundles with this article →"),
        ),
      ),
      h("section", { class: "related" }, h("h2", {}, "Also on the quay"), h("div", { class: "grid grid-short" }, related.map(productCard))),
    ];
  },
};

function stockLine({ stock }) {
  if (stock === 0) return h("p", { class: "stock stock-none" }, "Sold out; back with the next boat");
  return h("p", { class: "stock" }, stock < 15 ? `Only ${stock} left on the shelf` : "In stock, leaves today");
}

function buy(product, wished) {
  let quantity = 1;
  const add = async () => {
    await addToCart(product.id, quantity);
    toast(`${quantity} × ${product.name} added to your cart`);
  };
  return h(
    "div",
    { class: "buy" },
    stepper(product.name, 1, (count) => (quantity = count)),
    h("button", { class: "button", type: "button", disabled: product.stock === 0, "data-testid": "add-to-cart", onclick: add }, "Add to cart"),
    wishButton(product, wished),
  );
}

function wishButton(product, wished) {
  const label = h("span", {}, wished ? "On your wishlist" : "Add to wishlist");
  const button = h("button", { class: "button button-quiet wish", type: "button", "aria-pressed": String(wished) }, icon("heart"), label);
  button.addEventListener("click", async () => {
    // Fault throwing_handler: reads a list that the session stopped carrying when it moved to the server.
    if (faulty("throwing_handler")) session.wishlist.push(product.id);
    const answer = await api(`/wishlist/${product.id}`, { method: "POST" });
    button.setAttribute("aria-pressed", String(answer.wished));
    label.textContent = answer.wished ? "On your wishlist" : "Add to wishlist";
    await refresh();
  });
  return button;
}
