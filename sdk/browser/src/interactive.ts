// Which elements a person expects to react to a click.

import { inputType, type RoleSource } from "./role";

const INTERACTIVE_ROLES = new Set([
  "button",
  "checkbox",
  "combobox",
  "gridcell",
  "link",
  "listbox",
  "menuitem",
  "menuitemcheckbox",
  "menuitemradio",
  "option",
  "radio",
  "searchbox",
  "slider",
  "spinbutton",
  "switch",
  "tab",
  "textbox",
  "treeitem",
]);

const INTERACTIVE_TAGS = new Set(["audio", "button", "label", "option", "select", "summary", "textarea", "video"]);

/** Whether the element is a control by its tag, role or attributes; listeners cannot be seen from outside. */
export function isControl(element: RoleSource): boolean {
  const tag = element.tagName.toLowerCase();
  if (INTERACTIVE_TAGS.has(tag)) return true;
  if (tag === "a" || tag === "area") return element.hasAttribute("href");
  if (tag === "input") return inputType(element) !== "hidden";
  const role = element.getAttribute("role")?.trim().toLowerCase() ?? "";
  return INTERACTIVE_ROLES.has(role) || element.hasAttribute("onclick") || isEditable(element) || isFocusable(element);
}

function isEditable(element: RoleSource): boolean {
  const editable = element.getAttribute("contenteditable");
  return editable !== null && editable !== "false";
}

function isFocusable(element: RoleSource): boolean {
  const index = element.getAttribute("tabindex");
  return index !== null && Number(index) >= 0;
}
