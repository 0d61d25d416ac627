// What stands around the pages of an account.

import { api } from "../api.js";
import { h } from "../dom.js";
import { go } from "../router.js";
import { refresh } from "../session.js";

/** `content` beside the account's menu. */
export function accountFrame(title, ...content) {
  const logOut = async () => {
    await api("/session", { method: "DELETE" });
    await refresh();
    await go("/");
  };
  return h(
    "section",
    { class: "page account" },
    h(
      "nav",
      { class: "account-menu", "aria-label": "Account" },
      link("/account", "Overview"),
      link("/account/orders", "Orders", "account-orders"),
      link("/account/profile", "Profile"),
      link("/wishlist", "Wishlist"),
      h("button", { class: "link", type: "button", onclick: logOut }, "Log out"),
    ),
    h("div", {}, h("h1", {}, title), content),
  );
}

function link(href, label, testId) {
  return h("a", { href, "aria-current": location.pathname === href ? "page" : null, "data-testid": testId }, label);
}
