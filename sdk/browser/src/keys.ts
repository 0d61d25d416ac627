// Watches the keys that do something: never what is typed.

import { listen } from "./listen";
import { aimOf, modifiersOf, type Watching } from "./watching";

const ALWAYS = /^(?:Enter|Escape|Tab|Arrow(?:Up|Down|Left|Right)|Home|End|Page(?:Up|Down)|F(?:[1-9]|1[0-2]))$/;
const OUTSIDE_TEXT = /^(?:Backspace|Delete|Space| )$/;
const CHARACTER = /^[a-z0-9]$/i;

type Stroke = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey"> & { getModifierState?(name: string): boolean };

/** The key if it may be recorded. Letters and digits are commands only with ctrl, meta or alt; AltGr types. */
export function recordableKey(stroke: Stroke, inText: boolean): string | undefined {
  const { key } = stroke;
  if (ALWAYS.test(key)) return key;
  if (OUTSIDE_TEXT.test(key)) return inText ? undefined : key === " " ? "Space" : key;
  const command = (stroke.ctrlKey || stroke.metaKey || stroke.altKey) && !stroke.getModifierState?.("AltGraph");
  return command && CHARACTER.test(key) ? key : undefined;
}

/** Whether the element takes text, so that a key may be part of it. */
export function takesText(element: Pick<HTMLElement, "tagName" | "getAttribute" | "isContentEditable">): boolean {
  const tag = element.tagName.toLowerCase();
  if (tag === "textarea" || element.isContentEditable) return true;
  const type = (element.getAttribute("type") ?? "").toLowerCase();
  return tag === "input" && !/^(?:button|checkbox|color|file|image|radio|range|reset|submit)$/.test(type);
}

/** Emits `retrace/key@1` for each recordable key a person presses; returns how to stop. */
export function watchKeys(page: Watching): () => void {
  return listen<KeyboardEvent>(window, ["keydown"], (event) => {
    // A key held down is one act; composition is typing.
    if (!event.isTrusted || event.repeat || event.isComposing) return;
    const path = event.composedPath();
    const element = path[0] as HTMLElement | undefined;
    const key = recordableKey(event, element?.tagName !== undefined && takesText(element));
    if (key === undefined || (element?.matches && page.privacy.isIgnored(element))) return;
    const payload = { key, modifiers: modifiersOf(event), ...aimOf(path, page) };
    page.log.hold("retrace/key@1", () => ({ ...payload, ...(event.defaultPrevented ? { defaultPrevented: true } : {}) }));
    setTimeout(() => page.log.settle());
  });
}
