// Watches clicks before the page's own handlers can change what was clicked.

import { listen } from "./listen";
import { aimOf, modifiersOf, type Watching } from "./watching";

// A label passes a click on to its field within the same task; a person cannot be that fast.
const FORWARDING_MS = 20;

/** Emits `retrace/click@1` for each click of a person; returns how to stop. */
export function watchClicks(page: Watching): () => void {
  let forwarded: { to: Element; at: number } | undefined;
  return listen<PointerEvent>(window, ["click"], (event) => {
    // `element.click()` by a script is the page at work, not a person; nor did anybody click twice who hit a label.
    if (!event.isTrusted) return;
    const path = event.composedPath();
    const repeated = forwarded?.to === path[0] && event.timeStamp - (forwarded?.at ?? 0) < FORWARDING_MS;
    const field = path.find((entry) => entry instanceof HTMLLabelElement)?.control;
    forwarded = field && field !== path[0] ? { to: field, at: event.timeStamp } : undefined;
    if (repeated) return;
    const aim = aimOf(path, page);
    if (!aim.target) return;
    page.log.act("retrace/click@1", {
      x: Math.round(event.clientX),
      y: Math.round(event.clientY),
      button: event.button,
      modifiers: modifiersOf(event),
      ...(event.pointerType ? { pointerType: event.pointerType } : {}),
      ...aim,
    });
  });
}
