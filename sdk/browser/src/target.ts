// Describes the control a person clicked, as it was before the page reacted, so that it can be found again.

import { accessibleName, collapse, contentName, labelText } from "./accessible-name";
import { clip } from "./describe";
import { isControl } from "./interactive";
import type { PrivacyOptions } from "./options";
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
}

const TEST_ID_ATTRIBUTES = ["data-testid", "data-test", "data-qa"];
const MAX_TEXT = 120; // characters; enough to recognise a control, too few to carry a page

/** The control at the end of an event's path (innermost first), or the innermost element if none is a control. */
export function describeTarget(path: readonly EventTarget[], privacy: PrivacyOptions, redactor: Redactor): Target | undefined {
  const elements = path.filter((entry): entry is Element => entry instanceof Element);
  const innermost = elements[0];
  if (!innermost) return undefined;
  const control = elements.find(isControl);
  const element = control ?? innermost;
  const interactive = control !== undefined || getComputedStyle(innermost).cursor === "pointer";
  const texts = isPrivate(elements, privacy) ? {} : textsOf(element, privacy, redactor);
  return withoutEmpty({
    tagName: element.tagName.toLowerCase(),
    interactive,
    ...testId(element),
    id: clip(element.id, MAX_TEXT),
    className: clip(element.getAttribute("class") ?? "", MAX_TEXT),
    name: clip(element.getAttribute("name") ?? "", MAX_TEXT),
    role: roleOf(element),
    ...texts,
  });
}

function textsOf(element: Element, privacy: PrivacyOptions, redactor: Redactor): Partial<Target> {
  const shown = (text: string) => clip(redactor.text(collapse(text)), MAX_TEXT);
  const attribute = (name: string) => shown(element.getAttribute(name) ?? "");
  return {
    ariaLabel: attribute("aria-label"),
    accessibleName: shown(accessibleName(element)),
    labelText: shown(labelText(element)),
    placeholder: attribute("placeholder"),
    title: attribute("title"),
    text: privacy.maskAllInputs && isField(element) ? "" : shown(contentName(element)),
  };
}

/** Whether the page asked to keep the text of any of these elements to itself. */
function isPrivate(elements: readonly Element[], privacy: PrivacyOptions): boolean {
  const selector = [".rr-mask", ".rr-block", privacy.maskTextSelector, privacy.blockSelector].filter(Boolean).join(",");
  return elements.some((element) => element.matches(selector));
}

function isField(element: Element): boolean {
  return /^(?:input|textarea|select|option)$/i.test(element.tagName);
}

function testId(element: Element): Partial<Target> {
  const testIdAttrName = TEST_ID_ATTRIBUTES.find((name) => element.getAttribute(name));
  if (!testIdAttrName) return {};
  return { testIdAttrName, testIdValue: clip(element.getAttribute(testIdAttrName) ?? "", MAX_TEXT) };
}

function withoutEmpty(target: Target): Target {
  return Object.fromEntries(Object.entries(target).filter(([, value]) => value !== "")) as unknown as Target;
}
