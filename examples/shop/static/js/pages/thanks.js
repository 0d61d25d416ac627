// After an order.

import { h } from "../dom.js";

export const thanksPage = {
  title: () => "Thank you",
  load: async ({ number }) => ({ number }),
  view({ number }) {
    return h(
      "section",
      { class: "notice notice-good" },
      h("h1", {}, "Thank you. She’s on her way."),
      h("p", {}, `Your order ${number} leaves the quay with the evening tide.`),
      h("a", { class: "button", href: "/" }, "Keep looking around"),
      h("a", { class: "link", href: "/account/orders" }, "See your orders"),
    );
  },
};
