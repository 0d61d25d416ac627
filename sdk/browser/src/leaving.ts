// Watches the page being hidden, left, and returned to from the back/forward cache.

import { safely } from "./safely";

export interface LeavingHandlers {
  hidden(): void;
  left(): void;
  returned(): void;
}

/** Calls the handlers; returns how to stop. */
export function watchLeaving(handlers: LeavingHandlers): () => void {
  const onPageHide = safely(() => handlers.left());
  const onPageShow = safely((event: PageTransitionEvent) => {
    if (event.persisted) handlers.returned();
  });
  // A phone may end a hidden page without another word.
  const onVisibility = safely(() => {
    if (document.visibilityState === "hidden") handlers.hidden();
  });
  window.addEventListener("pagehide", onPageHide);
  window.addEventListener("pageshow", onPageShow);
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    window.removeEventListener("pagehide", onPageHide);
    window.removeEventListener("pageshow", onPageShow);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
