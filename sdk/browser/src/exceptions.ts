// Watches what the page did not catch.

import { clip, describe, errorText } from "./describe";
import type { Emit } from "./events";
import type { Redactor } from "./redaction";
import { safely } from "./safely";

const MAX_MESSAGE = 2_000; // characters
const MAX_STACK = 16_000; // characters; some hundred frames

/** Emits `retrace/exception@1` for uncaught errors and unhandled rejections; returns how to stop. */
export function watchExceptions(emit: Emit, redactor: Redactor): () => void {
  const report = (kind: "onerror" | "unhandledrejection", message: string, error: unknown, place: object) => {
    const stack = error instanceof Error ? clip(redactor.text(error.stack ?? ""), MAX_STACK) : "";
    emit("retrace/exception@1", {
      kind,
      message: clip(redactor.text(message), MAX_MESSAGE),
      ...(stack ? { stack } : {}),
      ...place,
      url: redactor.url(location.href),
    });
  };
  const onError = safely((event: ErrorEvent) => {
    const place = { source: redactor.url(event.filename), line: event.lineno, column: event.colno };
    report("onerror", event.message || describe(event.error), event.error, place);
  });
  const onRejection = safely((event: PromiseRejectionEvent) => {
    const { reason } = event as { reason: unknown };
    report("unhandledrejection", reason instanceof Error ? errorText(reason) : describe(reason), reason, {});
  });
  window.addEventListener("error", onError);
  window.addEventListener("unhandledrejection", onRejection);
  return () => {
    window.removeEventListener("error", onError);
    window.removeEventListener("unhandledrejection", onRejection);
  };
}
