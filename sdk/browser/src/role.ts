// The ARIA role of an element, as assistive technology and role locators see it.

/** What of an element decides its role. */
export type RoleSource = Pick<Element, "tagName" | "getAttribute" | "hasAttribute">;

const INPUT_ROLES: Readonly<Record<string, string>> = {
  button: "button",
  checkbox: "checkbox",
  image: "button",
  number: "spinbutton",
  radio: "radio",
  range: "slider",
  reset: "button",
  search: "searchbox",
  submit: "button",
};

// These inputs have no role of their own; every other type is a text box.
const ROLELESS_INPUTS = new Set(["color", "date", "datetime-local", "file", "hidden", "month", "password", "time", "week"]);
const LIST_INPUTS = new Set(["", "email", "search", "tel", "text", "url"]);

const TAG_ROLES: Readonly<Record<string, string>> = {
  article: "article",
  aside: "complementary",
  button: "button",
  details: "group",
  dialog: "dialog",
  fieldset: "group",
  h1: "heading",
  h2: "heading",
  h3: "heading",
  h4: "heading",
  h5: "heading",
  h6: "heading",
  hr: "separator",
  img: "img",
  li: "listitem",
  main: "main",
  menu: "list",
  meter: "meter",
  nav: "navigation",
  ol: "list",
  optgroup: "group",
  option: "option",
  output: "status",
  p: "paragraph",
  progress: "progressbar",
  table: "table",
  tbody: "rowgroup",
  td: "cell",
  textarea: "textbox",
  tfoot: "rowgroup",
  th: "columnheader",
  thead: "rowgroup",
  tr: "row",
  ul: "list",
};

/** The explicit role, else the one its tag implies, else "". */
export function roleOf(element: RoleSource): string {
  const explicit = element.getAttribute("role")?.trim().split(/\s+/)[0];
  return explicit ? explicit.toLowerCase() : implicitRole(element);
}

function implicitRole(element: RoleSource): string {
  const tag = element.tagName.toLowerCase();
  if (tag === "a" || tag === "area") return element.hasAttribute("href") ? "link" : "";
  if (tag === "input") return inputRole(element);
  if (tag === "select") return isListbox(element) ? "listbox" : "combobox";
  return TAG_ROLES[tag] ?? "";
}

function inputRole(element: RoleSource): string {
  const type = inputType(element);
  if (ROLELESS_INPUTS.has(type)) return "";
  if (element.hasAttribute("list") && LIST_INPUTS.has(type)) return "combobox";
  return INPUT_ROLES[type] ?? "textbox";
}

function isListbox(element: RoleSource): boolean {
  return element.hasAttribute("multiple") || Number(element.getAttribute("size") ?? 0) > 1;
}

export function inputType(element: RoleSource): string {
  return (element.getAttribute("type") ?? "").toLowerCase();
}
