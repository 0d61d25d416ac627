// Name, address and letters of an account.

import { api } from "../api.js";
import { faulty } from "../config.js";
import { h } from "../dom.js";
import { accountFrame } from "../parts/account-frame.js";
import { field, values } from "../parts/field.js";
import { refresh } from "../session.js";
import { errorToast, toast } from "../toast.js";

// Fault error_toast: the server calls it "phone".
const phoneField = () => (faulty("error_toast") ? "telephone" : "phone");

export const profilePage = {
  title: () => "Your profile",
  load: () => api("/account/profile"),
  view(profile) {
    const onsubmit = async (event) => {
      event.preventDefault();
      const form = values(event.target);
      const answer = await api("/account/profile", { method: "PUT", body: { ...form, newsletter: form.newsletter === "on" } });
      if (!answer.saved) {
        errorToast("Could not save your profile");
        return;
      }
      await refresh();
      toast("Your profile is saved");
    };
    return accountFrame(
      "Your profile",
      h(
        "form",
        { class: "stack", onsubmit, "aria-label": "Profile" },
        field("Full name", { name: "name", value: profile.name, required: true, "data-testid": "profile-name" }),
        field("E-mail", { name: "email", type: "email", value: profile.email, required: true }),
        field("Phone", { name: phoneField(), type: "tel", value: profile.phone, autocomplete: "tel" }),
        h("label", { class: "choice" }, h("input", { type: "checkbox", name: "newsletter", checked: profile.newsletter }), "Send me the harbour letter, four times a year"),
        h("button", { class: "button", type: "submit", "data-testid": "save-profile" }, "Save changes"),
      ),
    );
  },
};
