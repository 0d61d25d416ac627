// Logging in.

import { api, ApiError } from "../api.js";
import { h } from "../dom.js";
import { field, values } from "../parts/field.js";
import { go } from "../router.js";
import { refresh, session } from "../session.js";

export const loginPage = {
  title: () => "Log in",
  load: async () => ({}),
  view(_, { query }) {
    const note = h("p", { class: "form-note", role: "status" });
    const onsubmit = async (event) => {
      event.preventDefault();
      try {
        await api("/session", { method: "POST", body: values(event.target) });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        note.textContent = error.message;
        return;
      }
      await refresh();
      const next = query.get("next") ?? "";
      await go(/^\/\w/.test(next) ? next : "/account", { replace: true });
    };
    return h(
      "section",
      { class: "narrow" },
      h("h1", {}, session.logged_in ? "Log in as somebody else" : "Welcome aboard"),
      h("p", { class: "muted" }, "Any e-mail address will do; the password is fair-winds."),
      h(
        "form",
        { class: "stack", onsubmit, "aria-label": "Log in" },
        field("E-mail", { name: "email", type: "email", required: true, autocomplete: "username" }),
        field("Password", { name: "password", type: "password", required: true, autocomplete: "current-password", "data-testid": "password" }),
        note,
        h("button", { class: "button button-wide", type: "submit" }, "Log in"),
      ),
    );
  },
};
