// A product as it stands in a list.

import { picture } from "../art.js";
import { addToCart } from "../cart.js";
import { h, money, stars } from "../dom.js";
import { toast } from "../toast.js";

/** A card that leads to the product and can put it into the cart. */
export function productCard(product) {
  const sold = product.stock === 0;
  const add = async () => {
    await addToCart(product.id, 1);
    toast(`${product.name} is in your cart`);
  };
  return h(
    "article",
    { class: "card" },
    h("a", { class: "card-link", href: `/products/${product.id}`, "data-testid": `product-${product.id}` }, picture(product), h("h3", {}, product.name)),
    h("p", { class: "card-facts" }, h("span", {}, product.category), stars(product.rating)),
    h(
      "div",
      { class: "card-buy" },
      h("span", { class: "price" }, money(product.price)),
      h("button", { class: "button button-quiet", type: "button", disabled: sold, "aria-label": `Add ${product.name} to cart`, onclick: add }, sold ? "Sold out" : "Add"),
    ),
  );
}
