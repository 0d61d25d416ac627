// Who is here and how full their cart is, for the header; pages announce changes with `refresh`.

import { api } from "./api.js";

/** The present session: {logged_in, name, cart_count, wish_count}. */
export let session = { logged_in: false, name: "", cart_count: 0, wish_count: 0 };

const listeners = new Set();

/** Asks the server again and tells everybody who listens. */
export async function refresh() {
  session = await api("/session");
  listeners.forEach((listener) => listener(session));
}

/** Calls `listener` after each change. */
export function onSession(listener) {
  listeners.add(listener);
}
