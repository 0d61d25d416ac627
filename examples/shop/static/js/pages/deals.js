// The bundles a product is part of.

import { picture } from "../art.js";
import { apiLegacy } from "../api.js";
import { addToCart } from "../cart.js";
import { faulty } from "../config.js";
import { h, money } from "../dom.js";
import { toast } from "../toast.js";

export const dealsPage = {
  title: ({ product }) => `Bundles with ${product.name}`,
  load: ({ id }) => apiLegacy(`/products/${id}/bundles`),
  view({ product, bundles }) {
    return [
      h(
        "nav",
        { class: "crumbs", "aria-label": "Breadcrumb" },
        h("a", { href: "/" }, "Shop"),
        h("a", { href: `/products/${product.id}` }, product.name),
        h("span", { "aria-current": "page" }, "Bundles"),
      ),
      h("section", { class: "page" }, h("h1", {}, "Better together"), h("p", { class: "lead" }, `Bundles with the ${product.name}.`), bundles.map(offer)),
    ];
  },
};

function offer(bundle) {
  const add = async () => {
    for (const product of bundle.products) await addToCart(product.id, 1);
    toast(`${bundle.title} added to your cart`);
  };
  return h(
    "article",
    { class: "bundle" },
    h("div", { class: "bundle-pictures" }, bundle.products.map((product) => picture(product))),
    h(
      "div",
      {},
      h("h2", {}, bundle.title),
      h("p", { class: "muted" }, bundle.products.map((product) => product.name).join(" + ")),
      h("p", {}, h("span", { class: "price" }, money(price(bundle))), " for all of them"),
      h("button", { class: "button", type: "button", "aria-label": `Add ${bundle.title} to cart`, onclick: add }, "Add bundle"),
    ),
  );
}

function price(bundle) {
  // Fault blank_route: the price was part of an offer before the bundles got their own endpoint.
  return faulty("blank_route") ? bundle.offer.price : bundle.price;
}
