// The accessible name of an element: the parts of the W3C "accname" computation that name what people click.

import { inputType, roleOf } from "./role";

// Roles whose name may come from what they contain.
const NAMED_BY_CONTENT = new Set([
  "button",
  "cell",
  "checkbox",
  "columnheader",
  "gridcell",
  "heading",
  "link",
  "menuitem",
  "menuitemcheckbox",
  "menuitemradio",
  "option",
  "radio",
  "row",
  "rowheader",
  "switch",
  "tab",
  "tooltip",
  "treeitem",
]);
const NAMED_BY_CONTENT_TAGS = new Set(["label", "legend", "summary"]);

// A name is read before every click: a huge subtree must not be walked for it.
const MAX_NODES = 300;

/** The name a role locator would find the element by, or "". */
export function accessibleName(element: Element): string {
  return (
    labelledBy(element) ||
    collapse(element.getAttribute("aria-label") ?? "") ||
    nativeName(element) ||
    (namedByContent(element) ? contentName(element) : "") ||
    collapse(element.getAttribute("title") ?? "") ||
    collapse(element.getAttribute("placeholder") ?? "")
  );
}

/** Text of the labels of a form field, or "". */
export function labelText(element: Element): string {
  const { labels } = element as Partial<HTMLInputElement>;
  return labels ? collapse(Array.from(labels, contentName).join(" ")) : "";
}

/** The text a person sees in the element: what is hidden is left out, images count with their alternative. */
export function contentName(element: Element): string {
  return collapse(contentOf(element, { left: MAX_NODES }));
}

export function collapse(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function labelledBy(element: Element): string {
  const ids = element.getAttribute("aria-labelledby")?.split(/\s+/).filter(Boolean) ?? [];
  const root = element.getRootNode() as Document | ShadowRoot;
  const named = ids.map((id) => root.getElementById?.(id)).filter((found) => found != null);
  return collapse(named.map((found) => found.getAttribute("aria-label") || contentName(found)).join(" "));
}

function nativeName(element: Element): string {
  const tag = element.tagName.toLowerCase();
  if (tag === "input") return labelText(element) || inputButtonName(element);
  if (tag === "select" || tag === "textarea") return labelText(element);
  if (tag === "img" || tag === "area") return collapse(element.getAttribute("alt") ?? "");
  if (tag === "svg") return collapse(element.querySelector(":scope > title")?.textContent ?? "");
  if (tag === "fieldset") return captionName(element, ":scope > legend");
  if (tag === "table") return captionName(element, ":scope > caption");
  return "";
}

/** What a child adds to the name around it: a field nothing, since its own name may be this very label. */
function embeddedName(element: Element, tag: string): string {
  return /^(?:input|select|textarea)$/.test(tag) ? inputButtonName(element) : nativeName(element);
}

function inputButtonName(element: Element): string {
  const type = element.tagName.toLowerCase() === "input" ? inputType(element) : "";
  if (type === "submit" || type === "reset" || type === "button") {
    const value = collapse(element.getAttribute("value") ?? "");
    return value || (type === "submit" ? "Submit" : type === "reset" ? "Reset" : "");
  }
  return type === "image" ? collapse(element.getAttribute("alt") ?? "") || "Submit" : "";
}

function captionName(element: Element, selector: string): string {
  const caption = element.querySelector(selector);
  return caption ? contentName(caption) : "";
}

function namedByContent(element: Element): boolean {
  return NAMED_BY_CONTENT.has(roleOf(element)) || NAMED_BY_CONTENT_TAGS.has(element.tagName.toLowerCase());
}

function contentOf(node: Node, budget: { left: number }): string {
  budget.left -= 1;
  if (budget.left < 0) return "";
  if (node.nodeType === Node.TEXT_NODE) return node.nodeValue ?? "";
  return Array.from(node.childNodes, (child) => childName(child, budget)).join("");
}

function childName(child: Node, budget: { left: number }): string {
  if (!(child instanceof Element)) return contentOf(child, budget);
  const tag = child.tagName.toLowerCase();
  if (tag === "script" || tag === "style" || child.getAttribute("aria-hidden") === "true") return "";
  const style = getComputedStyle(child);
  if (style.display === "none" || style.visibility === "hidden") return "";
  const own = collapse(child.getAttribute("aria-label") ?? "") || embeddedName(child, tag) || contentOf(child, budget);
  return style.display.startsWith("inline") || style.display === "contents" ? own : ` ${own} `;
}
