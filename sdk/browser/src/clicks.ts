// Watches clicks before the page's own handlers can change what was clicked.

import type { Emit } from "./events";
import type { PrivacyOptions } from "./options";
import type { Redactor } from "./redaction";
import { safely } from "./safely";
import { describeTarget } from "./target";

/** The id rrweb records a node under, or a negative number if it has none yet. */
export type NodeIds = (node: Node) => number;

// A label passes a click on to its field within the same task; a person cannot be that fast.
const FORWARDING_MS = 20;

/** Emits `retrace/click@1` for each click of a person; returns how to stop. */
export function watchClicks(emit: Emit, nodeId: NodeIds, privacy: PrivacyOptions, redactor: Redactor): () => void {
  let forwarded: { to: Element; at: number } | undefined;
  const onClick = safely((event: MouseEvent) => {
    // `element.click()` by a script is the page at work, not a person; nor did anybody click twice who hit a label.
    if (!event.isTrusted) return;
    const path = event.composedPath();
    const repeated = forwarded?.to === path[0] && event.timeStamp - (forwarded?.at ?? 0) < FORWARDING_MS;
    const field = path.find((entry) => entry instanceof HTMLLabelElement)?.control;
    forwarded = field && field !== path[0] ? { to: field, at: event.timeStamp } : undefined;
    if (repeated) return;
    const target = describeTarget(path, privacy, redactor);
    if (!target) return;
    const id = path[0] instanceof Node ? nodeId(path[0]) : -1;
    emit("retrace/click@1", {
      x: Math.round(event.clientX),
      y: Math.round(event.clientY),
      button: event.button,
      target,
      url: redactor.url(location.href),
      ...(id > 0 ? { nodeId: id } : {}),
    });
  });
  window.addEventListener("click", onClick, { capture: true, passive: true });
  return () => window.removeEventListener("click", onClick, { capture: true });
}
