// Which elements the page wants to keep to itself: text shown as stars, boxes left empty, fields not recorded.
// What a secret looks like in text is in redaction.ts.

import { isSecretName } from "./redaction-rules";

export interface PrivacyOptions {
  /** Record what is typed as stars. Passwords, one-time codes and cards always are. Default true. */
  maskAllInputs?: boolean;
  /** Text inside these elements is recorded as stars, and left out of targets. As does `data-retrace-mask`. */
  maskTextSelector?: string;
  /** These elements are recorded as an empty box of the same size. As does `data-retrace-block`. */
  blockSelector?: string;
  /** Input into fields with this class is not recorded. Default "rr-ignore". As does `data-retrace-ignore`. */
  ignoreClass?: string;
  /** Added to the default patterns; strings are regular expressions, an invalid one is left out. */
  redactionPatterns?: readonly (string | RegExp)[];
}

/** `secret` never leaves; `masked` leaves as stars; `plain` leaves redacted. */
export type FieldPrivacy = "secret" | "masked" | "plain";

export interface Privacy {
  readonly maskSelector: string;
  readonly blockSelector: string;
  readonly ignoreSelector: string;
  /** Whether the text in an element is masked. */
  hidesText(element: Element): boolean;
  /** Whether what a field is called is masked: only where the page asked for it. */
  hidesName(field: Element): boolean;
  /** Whether the element is recorded as an empty box, or is in one. */
  isBlocked(element: Element): boolean;
  isIgnored(element: Element): boolean;
  field(element: Element): FieldPrivacy;
}

const UNMASK = "[data-retrace-unmask]";
const EDITABLE = '[contenteditable]:not([contenteditable="false"])';
const SECRET_AUTOCOMPLETE = /^(?:.* )?(?:current-password|new-password|one-time-code|cc-[a-z-]+)$/i;

/** Throws where a selector of the options is none: recording what the page meant to hide would be worse than nothing. */
export function createPrivacy(options: PrivacyOptions): Privacy {
  const maskInputs = options.maskAllInputs ?? true;
  const typed = maskInputs ? ["textarea", EDITABLE] : [];
  const askedSelector = selector([".rr-mask", "[data-retrace-mask]", options.maskTextSelector]);
  const maskSelector = selector([askedSelector, ...typed]);
  const maskOrUnmask = `${maskSelector},${UNMASK}`;
  const blockSelector = selector([".rr-block", "[data-retrace-block]", options.blockSelector]);
  const ignoreClass = options.ignoreClass || "rr-ignore";
  const ignoreSelector = selector([`.${CSS.escape(ignoreClass)}`, "[data-retrace-ignore]"]);
  const hidesText = (element: Element) => closestAcross(element, maskOrUnmask)?.matches(maskSelector) ?? false;
  const hidesName = (field: Element) => closestAcross(field, `${askedSelector},${UNMASK}`)?.matches(askedSelector) ?? false;
  const explicitly = (element: Element) => closestAcross(element, maskOrUnmask);
  return {
    maskSelector,
    blockSelector,
    ignoreSelector,
    hidesText,
    hidesName,
    isBlocked: (element) => closestAcross(element, blockSelector) !== null,
    isIgnored: (element) => element.matches(ignoreSelector),
    field: (element) => {
      if (isSecretField(element)) return "secret";
      const nearest = explicitly(element);
      if (nearest && !nearest.matches(maskSelector)) return "plain";
      return maskInputs || nearest ? "masked" : "plain";
    },
  };
}

/** Whether a field holds a credential or a card, by its type, purpose or name. */
export function isSecretField(field: Pick<Element, "getAttribute" | "hasAttribute">): boolean {
  const attribute = (name: string) => field.getAttribute(name) ?? "";
  return (
    /^(?:password|hidden)$/i.test(attribute("type")) ||
    field.hasAttribute("data-rr-is-password") ||
    SECRET_AUTOCOMPLETE.test(attribute("autocomplete")) ||
    isSecretName(attribute("name")) ||
    isSecretName(attribute("id"))
  );
}

/** Stars in place of what is typed; of a secret not even the length is told. */
export function maskedValue(value: string, privacy: FieldPrivacy): string {
  if (privacy === "plain") return value;
  return privacy === "masked" ? stars(value) : value && "********";
}

export function stars(text: string): string {
  return text.replace(/\S/g, "*");
}

/** `closest` that also looks beyond shadow roots. */
function closestAcross(element: Element, wanted: string): Element | null {
  for (let from: Element | undefined = element; from; from = (from.getRootNode() as Partial<ShadowRoot>).host) {
    const found = from.closest(wanted);
    if (found) return found;
  }
  return null;
}

function selector(parts: readonly (string | undefined)[]): string {
  const joined = parts.filter(Boolean).join(",");
  document.createDocumentFragment().querySelector(joined);
  return joined;
}
