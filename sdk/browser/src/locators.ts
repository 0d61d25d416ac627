// How a control can be found again: a short CSS path, and how many others share its best name. Nothing here asks the
// browser for layout.

import { collapse, labelText } from "./accessible-name";
import { roleOf } from "./role";

export const TEST_ID_ATTRIBUTES = ["data-testid", "data-test", "data-qa"] as const;

export type MatchedBy = "testId" | "role" | "label" | "placeholder" | "text";

export interface Match {
  matchedBy: MatchedBy;
  matchCount: number;
  /** Its place among them, from 0. */
  nth: number;
}

// A page of thousands of rows must not be compared with each click.
const MOST_CANDIDATES = 500;
const MOST_TEXT = 200; // characters compared
const DEEPEST_PATH = 6;
const GENERATED_ID = /\d{4,}|^:|[:.]r\d/;

/** A path of ids, tags and places that finds the element in its tree; the shortest that does so alone, if one does. */
export function cssPath(element: Element): string {
  const root = element.getRootNode() as Document | ShadowRoot;
  let path = "";
  let depth = 0;
  for (let at: Element | null = element; at && depth < DEEPEST_PATH; at = at.parentElement, depth += 1) {
    const id = at.id && !GENERATED_ID.test(at.id) ? `#${CSS.escape(at.id)}` : "";
    const step = id || tagWithPlace(at);
    path = path ? `${step} > ${path}` : step;
    if (id || root.querySelectorAll?.(path).length === 1) break;
  }
  return path;
}

function tagWithPlace(element: Element): string {
  const tag = CSS.escape(element.localName);
  const siblings = element.parentElement?.children ?? [];
  const alike = Array.from(siblings).filter((sibling) => sibling.localName === element.localName);
  return alike.length > 1 ? `${tag}:nth-of-type(${alike.indexOf(element) + 1})` : tag;
}

/** The best name of an element, best first: how many share it; undefined if it has none. */
export function bestMatch(element: Element): Match | undefined {
  const root = element.getRootNode() as Document | ShadowRoot;
  if (!root.querySelectorAll) return undefined;
  const among = (matchedBy: MatchedBy, css: string, same: (other: Element) => boolean = () => true): Match | undefined => {
    const found = Array.from(root.querySelectorAll(css)).slice(0, MOST_CANDIDATES).filter(same);
    const nth = found.indexOf(element);
    return nth < 0 ? undefined : { matchedBy, matchCount: found.length, nth };
  };
  const withAttribute = (name: string) => `[${name}="${CSS.escape(element.getAttribute(name) ?? "")}"]`;
  const testId = TEST_ID_ATTRIBUTES.find((name) => element.getAttribute(name));
  if (testId) return among("testId", withAttribute(testId));
  const tag = CSS.escape(element.localName);
  const label = labelText(element);
  if (label) return among("label", tag, (other) => labelText(other) === label);
  const role = roleOf(element);
  const name = plainName(element);
  if (role && name) {
    return among("role", `${tag},[role="${CSS.escape(role)}"]`, (other) => roleOf(other) === role && plainName(other) === name);
  }
  if (element.getAttribute("placeholder")) return among("placeholder", withAttribute("placeholder"));
  return name ? among("text", tag, (other) => plainName(other) === name) : undefined;
}

/** Selectors of the shadow hosts around an element, outermost first. */
export function hostPath(element: Element): string[] {
  const hosts: string[] = [];
  for (let host = hostOf(element); host; host = hostOf(host)) hosts.unshift(cssPath(host));
  return hosts;
}

function hostOf(element: Element): Element | undefined {
  return (element.getRootNode() as Partial<ShadowRoot>).host;
}

/** The name without regard to what is visible: enough to tell controls apart, and cheap. */
function plainName(element: Element): string {
  const attribute = element.getAttribute("aria-label") ?? element.getAttribute("alt");
  const text = attribute ?? element.textContent ?? "";
  return collapse(text.slice(0, MOST_TEXT)) || element.getAttribute("title") || buttonValue(element);
}

function buttonValue(element: Element): string {
  return /^(?:submit|button|reset)$/i.test(element.getAttribute("type") ?? "") ? (element.getAttribute("value") ?? "") : "";
}
