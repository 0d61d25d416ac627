// Watches the pointer come to rest where that opened something: a menu that only hovering shows cannot be clicked
// without it. A hover that changed nothing is not recorded.

import { all, listen } from "./listen";
import { aimOf, type Watching } from "./watching";

const REST_MS = 120; // of the pointer on one control, before it is looked at
const MOST_RULES = 300;
const MOST_SHEETS = 50;
const SHOWS = ["display", "visibility", "opacity", "max-height", "height", "transform", "clip-path", "pointer-events"];
const OPENS = ["class", "style", "hidden", "open", "aria-expanded", "aria-hidden", "data-state"];

/** A style that shows something inside of, or beside, what is hovered. */
export interface HoverRule {
  /** What is hovered. */
  over: string;
  /** The whole selector as it reads while it is hovered. */
  shown: string;
}

/** The parts of a selector with `:hover`, if what it styles is not what is hovered itself. */
export function hoverRule(selector: string): HoverRule | undefined {
  const at = selector.indexOf(":hover");
  const over = selector.slice(0, at).trim();
  const rest = selector.slice(at + ":hover".length);
  // A pseudo-class, or nothing, behind it: the element itself changes, as buttons do.
  if (at <= 0 || selector.indexOf(":hover", at + 1) > 0 || !/^\s*[\s>+~]\s*\S/.test(rest)) return undefined;
  return { over, shown: selector };
}

/** Emits `retrace/hover@1` when the pointer's rest on an element made something visible; returns how to stop. */
export function watchHovers(page: Watching): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rules: { sheets: number; list: HoverRule[] } = { sheets: -1, list: [] };
  let told: Element | undefined;
  let opened = false;
  const observer = new MutationObserver((records) => {
    opened ||= records.some((record) => record.type === "attributes" || addsElement(record));
    if (opened) observer.disconnect();
  });

  const look = (element: Element, path: EventTarget[]) => {
    observer.disconnect();
    if (rules.sheets !== document.styleSheets.length) rules = { sheets: document.styleSheets.length, list: hoverRules() };
    // Something else may have changed the page meanwhile: only a change near the pointer is taken for an answer to it.
    if (element === told || !element.isConnected || !(opened || showsByStyle(element, rules.list))) return;
    told = element;
    page.log.emit("retrace/hover@1", { ...aimOf(path, page) });
  };

  const onOver = (event: PointerEvent) => {
    clearTimeout(timer);
    observer.disconnect();
    if (!event.isTrusted || event.pointerType !== "mouse") return;
    const path = event.composedPath();
    const element = path[0];
    if (!(element instanceof Element) || element === document.documentElement || element === document.body) return;
    opened = false;
    const around = element.parentElement ?? element;
    if (around !== document.body) observer.observe(around, { subtree: true, childList: true, attributes: true, attributeFilter: OPENS });
    timer = setTimeout(() => look(element, path), REST_MS);
  };

  return all([
    listen(window, ["pointerover"], onOver),
    () => {
      clearTimeout(timer);
      observer.disconnect();
    },
  ]);
}

function addsElement(record: MutationRecord): boolean {
  return Array.from(record.addedNodes).some((node) => node.nodeType === Node.ELEMENT_NODE);
}

function showsByStyle(element: Element, rules: readonly HoverRule[]): boolean {
  return rules.some(({ over, shown }) => {
    const hovered = element.closest(over);
    return Array.from(hovered?.parentElement?.querySelectorAll(shown) ?? []).some((found) => found.checkVisibility?.() ?? true);
  });
}

function hoverRules(): HoverRule[] {
  const sheets = Array.from(document.styleSheets).slice(0, MOST_SHEETS);
  return sheets.flatMap(rulesOf).slice(0, MOST_RULES);
}

function rulesOf(sheet: CSSStyleSheet): HoverRule[] {
  try {
    return Array.from(sheet.cssRules).flatMap((rule) => {
      if (!(rule instanceof CSSStyleRule) || !rule.selectorText.includes(":hover")) return [];
      const shows = SHOWS.some((property) => rule.style.getPropertyValue(property) !== "");
      return shows ? rule.selectorText.split(",").flatMap((selector) => hoverRule(selector.trim()) ?? []) : [];
    });
  } catch {
    // A style sheet of another origin cannot be read.
    return [];
  }
}
