// Changing the cart, from whichever page.

import { api } from "./api.js";
import { refresh } from "./session.js";

/** Sets how many of a product are in the cart; returns the cart as it is then. */
export async function setQuantity(productId, quantity) {
  const cart = await api(`/cart/items/${productId}`, { method: "PUT", body: { quantity } });
  await refresh();
  return cart;
}

/** Puts more of a product into the cart. */
export async function addToCart(productId, quantity) {
  const { lines } = await api("/cart");
  const present = lines.find((line) => line.product.id === productId)?.quantity ?? 0;
  return setQuantity(productId, present + quantity);
}
