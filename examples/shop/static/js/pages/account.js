// The account's first page.

import { api } from "../api.js";
import { h } from "../dom.js";
import { accountFrame } from "../parts/account-frame.js";

export const accountPage = {
  title: () => "Your account",
  load: () => api("/account/profile"),
  view(profile) {
    return accountFrame(
      `Ahoy, ${profile.name.split(" ")[0]}`,
      h("p", { class: "lead" }, "Everything about you and your parcels."),
      h(
        "div",
        { class: "tiles" },
        tile("/account/orders", "Orders", "Where your parcels are, and what you bought before."),
        tile("/account/profile", "Profile", "Your name, how to reach you, and our letters."),
        tile("/wishlist", "Wishlist", "Things you would like to have one day."),
      ),
    );
  },
};

function tile(href, title, text) {
  return h("a", { class: "tile", href }, h("strong", {}, title), h("span", { class: "muted" }, text));
}
