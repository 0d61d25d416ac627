// Listening to the page without being in its way.

import { safely } from "./safely";

/** Hears events before the page does; returns how to stop. */
export function listen<E extends Event>(target: EventTarget, types: readonly string[], hear: (event: E) => void): () => void {
  const safe = safely(hear) as EventListener;
  const how = { capture: true, passive: true };
  for (const type of types) target.addEventListener(type, safe, how);
  return () => {
    for (const type of types) target.removeEventListener(type, safe, how);
  };
}

/** One stop for many. */
export function all(stops: readonly (() => void)[]): () => void {
  return () => stops.forEach((stop) => safely(stop)());
}
