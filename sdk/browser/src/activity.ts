// Watches for signs of a person: what a page does by itself does not keep a visit alive.

import { safely } from "./safely";

const ACTS = ["pointerdown", "keydown", "wheel"] as const;

/** Calls `onAct` before the page's own handlers; returns how to stop. */
export function watchActivity(onAct: () => void): () => void {
  const listen = safely((event: Event) => {
    if (event.isTrusted) onAct();
  });
  for (const type of ACTS) window.addEventListener(type, listen, { capture: true, passive: true });
  return () => {
    for (const type of ACTS) window.removeEventListener(type, listen, { capture: true });
  };
}
