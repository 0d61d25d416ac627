// Takes secrets out of everything recorded, rrweb's own events included: every string is redacted. Nothing is posted
// that did not pass here.

import { isSecretField, maskedValue, type Privacy, stars } from "./privacy";
import type { Redactor } from "./redaction";
import { isNothingSecret, isSecretName, MASK } from "./redaction-rules";

// Where addresses stand, in our events, in rrweb's, and in the attributes of elements.
const ADDRESSES = new Set(
  "href url from to source action formaction src poster data cite ping background xlink:href rr_src manifest".split(" "),
);
// What a person reads though it is no text node.
const READ = new Set("alt title placeholder label summary aria-label aria-description aria-valuetext".split(" "));
const HARMLESS_DATA = /^data-(?:testid|test|qa|retrace-.*|rr-.*)$/;
const BUTTON_TYPES = /^(?:button|submit|reset|image|checkbox|radio)$/i;
// Named like a secret, and none.
const NAMED_LIKE_SECRETS = new Set(["accesskey"]);
const MOST_KEYS = 2_000; // remembered; a page could make up any number
// Beyond any time stamp in ms; card numbers are longer.
const LONG_NUMBER = 4e12;

type Fields = Readonly<Record<string, unknown>>;
type Transform = (value: unknown, key: string) => unknown;

/** Makes a copy without secrets of a recorded event, or any plain object. `nodeOf` finds the node of an rrweb id. */
export function createEventRedactor(
  redactor: Redactor,
  privacy: Privacy,
  nodeOf: (id: number) => Node | null,
): <T extends object>(value: T) => T {
  const isSecretKey = remembered((key) => !NAMED_LIKE_SECRETS.has(key) && isSecretName(key));
  const shownKey = remembered(redactor.text);

  const redacted: Transform = (value, key) => {
    if (typeof value === "string") return redactedText(value, key);
    if (typeof value === "number") return redactedNumber(value, key);
    if (typeof value !== "object" || value === null) return value;
    return Array.isArray(value) ? redactedList(value, key) : redactedObject(value as Fields);
  };

  const redactedText = (text: string, key: string): string => {
    if (isSecretKey(key)) return isNothingSecret(text) ? text : MASK;
    return ADDRESSES.has(key) ? redactor.url(text) : redactor.text(text);
  };

  const redactedNumber = (value: number, key: string): number => {
    if (isSecretKey(key)) return 0;
    return value > LONG_NUMBER && redactor.text(String(value)) !== String(value) ? 0 : value;
  };

  const redactedList = (list: readonly unknown[], key: string): readonly unknown[] => {
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length; index += 1) {
      const value = redacted(list[index], key);
      if (value !== list[index]) (copy ??= [...list])[index] = value;
    }
    return copy ?? list;
  };

  const redactedObject = (fields: Fields): Fields => {
    const node = typeof fields["id"] === "number" ? fields["id"] : undefined;
    if (node === undefined) return mapped(fields, redacted);
    return mapped(fields, (value, key) => {
      if (key === "attributes" && isFields(value)) return attributes(value, elementOf(nodeOf(node)));
      if ((key === "value" || key === "textContent") && typeof value === "string") return nodeText(value, nodeOf(node));
      return redacted(value, key);
    });
  };

  /** The text of a node: rrweb masks it by what is around it in the same tree, not by what is around a shadow host. */
  const nodeText = (text: string, node: Node | null): string => {
    const host = node && (node.getRootNode() as Partial<ShadowRoot>).host;
    return host && privacy.hidesText(node.parentElement ?? host) ? stars(text) : redactor.text(text);
  };

  const attributes = (given: Fields, element: Element | undefined): Fields => {
    const secret = element ? isSecretField(element) : false;
    let hidden: boolean | undefined;
    const isHidden = () => (hidden ??= element !== undefined && privacy.hidesText(element));
    return mapped(given, (value, name) => {
      if (typeof value !== "string" || value === "") return redacted(value, name);
      if (name.startsWith("on") || name === "srcdoc") return "";
      if (name === "value" && element) return fieldValue(value, element);
      if (name === "content" && secret) return MASK;
      if (isSecretKey(name)) return MASK;
      if (READ.has(name) || (name.startsWith("data-") && !HARMLESS_DATA.test(name))) {
        return isHidden() ? stars(value) : redactor.text(value);
      }
      // A style sheet's address is needed to show the page; its folder is often a hash.
      return name === "href" && element?.localName === "link" ? redactor.text(value) : redacted(value, name);
    });
  };

  const fieldValue = (value: string, element: Element): string => {
    const typed = /^(?:input|textarea)$/.test(element.localName);
    if (!typed || BUTTON_TYPES.test(element.getAttribute("type") ?? "")) {
      return isSecretField(element) || privacy.hidesText(element) ? stars(value) : redactor.text(value);
    }
    // Also what the page had put there as a default, which rrweb passes on when the field is empty.
    return redactor.text(maskedValue(value, privacy.field(element)));
  };

  /** The same object if nothing in it changes: most of a page is innocent, and rrweb still uses what it recorded. */
  const mapped = (fields: Fields, transform: Transform): Fields => {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(fields)) {
      const value = transform(fields[key], key);
      const shown = shownKey(key);
      if (value === fields[key] && shown === key) continue;
      copy ??= { ...fields };
      if (shown !== key) delete copy[key];
      copy[shown] = value;
    }
    return copy ?? fields;
  };

  return <T extends object>(value: T) => redacted(value, "") as T;
}

function remembered<T>(find: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= MOST_KEYS) known.clear();
    const value = find(key);
    known.set(key, value);
    return value;
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function elementOf(node: Node | null): Element | undefined {
  // Not `instanceof`: nodes of frames are of other classes.
  return node?.nodeType === Node.ELEMENT_NODE ? (node as Element) : undefined;
}
