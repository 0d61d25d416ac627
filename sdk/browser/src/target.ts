// Describes the control a person used, as it was before the page reacted, so that it can be found again.

import { accessibleName, collapse, contentName, labelText } from "./accessible-name";
import { clip } from "./describe";
import { isControl } from "./interactive";
import { bestMatch, cssPath, hostPath, type MatchedBy, TEST_ID_ATTRIBUTES } from "./locators";
import type { Privacy } from "./privacy";
import type { Redactor } from "./redaction";
import { roleOf } from "./role";

/** Empty fields are left out. */
export interface Target {
  tagName: string;
  interactive: boolean;
  testIdAttrName?: string;
  testIdValue?: string;
  id?: string;
  className?: string;
  name?: string;
  role?: string;
  ariaLabel?: string;
  accessibleName?: string;
  labelText?: string;
  placeholder?: string;
  title?: string;
  text?: string;
  css?: string;
  /** How many elements the best of test id, label, role with name, placeholder and text finds. */
  matchCount?: number;
  matchedBy?: MatchedBy;
  /** Its place among them, from 0. */
  nth?: number;
  visible?: boolean;
  disabled?: boolean;
  /** Selectors of the shadow hosts around it, outermost first. */
  path?: string[];
}

const MAX_TEXT = 120; // characters; enough to recognise a control, too few to carry a page

/** The control at the end of an event's path (innermost first), or the innermost element if none is a control. */
export function describeTarget(path: readonly EventTarget[], privacy: Privacy, redactor: Redactor): Target | undefined {
  const elements = path.filter((entry) => (entry as Partial<Node>).nodeType === Node.ELEMENT_NODE) as Element[];
  const innermost = elements[0];
  if (!innermost) return undefined;
  const control = elements.find(isControl);
  const element = control ?? innermost;
  const interactive = control !== undefined || getComputedStyle(innermost).cursor === "pointer";
  const isHidden = isField(element) ? privacy.hidesName(element) : privacy.hidesText(innermost);
  const texts = isHidden || privacy.isBlocked(element) ? {} : textsOf(element, privacy, redactor);
  const match = bestMatch(element);
  return withoutEmpty({
    tagName: element.tagName.toLowerCase(),
    interactive,
    ...testId(element),
    id: clip(element.id, MAX_TEXT),
    className: clip(element.getAttribute("class") ?? "", MAX_TEXT),
    name: clip(element.getAttribute("name") ?? "", MAX_TEXT),
    role: roleOf(element),
    ...texts,
    css: clip(cssPath(element), MAX_TEXT * 2),
    ...(match ? { matchCount: match.matchCount, matchedBy: match.matchedBy } : {}),
    ...(match && match.matchCount > 1 ? { nth: match.nth } : {}),
    visible: isVisible(element),
    disabled: isDisabled(element),
    path: hostPath(element),
  });
}

function textsOf(element: Element, privacy: Privacy, redactor: Redactor): Partial<Target> {
  const shown = (text: string) => clip(redactor.text(collapse(text)), MAX_TEXT);
  const attribute = (name: string) => shown(element.getAttribute(name) ?? "");
  return {
    ariaLabel: attribute("aria-label"),
    accessibleName: shown(accessibleName(element)),
    labelText: shown(labelText(element)),
    placeholder: attribute("placeholder"),
    title: attribute("title"),
    text: isField(element) && privacy.field(element) !== "plain" ? "" : shown(contentName(element)),
  };
}

function isField(element: Element): boolean {
  return /^(?:input|textarea|select|option)$/i.test(element.tagName);
}

function testId(element: Element): Partial<Target> {
  const testIdAttrName = TEST_ID_ATTRIBUTES.find((name) => element.getAttribute(name));
  if (!testIdAttrName) return {};
  return { testIdAttrName, testIdValue: clip(element.getAttribute(testIdAttrName) ?? "", MAX_TEXT) };
}

function isVisible(element: Element): boolean {
  // Older browsers cannot tell without a layout; what a person could use was visible.
  return element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) ?? true;
}

function isDisabled(element: Element): boolean {
  return element.matches(":disabled") || element.getAttribute("aria-disabled") === "true";
}

function withoutEmpty(target: Target): Target {
  const isSaid = (value: unknown) => value !== "" && value !== undefined && !(Array.isArray(value) && value.length === 0);
  // `interactive` is said either way: detectors ask.
  const kept = Object.entries(target).filter(([name, value]) => isSaid(value) && (value !== false || name === "interactive"));
  return Object.fromEntries(kept) as unknown as Target;
}
