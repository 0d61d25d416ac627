// Watches what the page did not catch: errors, rejections, and resources that did not load.

import type { Breadcrumb } from "./breadcrumbs";
import { clip, describe, errorText } from "./describe";
import { all, listen } from "./listen";
import type { Watching } from "./watching";

const MAX_MESSAGE = 2_000; // characters
const MAX_STACK = 16_000; // characters; some hundred frames
// The same error again within this time is counted, not told again: a loop can throw thousands a second.
const REPEAT_MS = 2_000;

type Kind = "onerror" | "unhandledrejection" | "resource" | "captured";
type Failure = { kind: Kind; name?: string; message: string; stack?: string; source?: string; line?: number; column?: number };

/** What `window.retraceEarly` collects before this script is there. */
export interface EarlyEvents extends Array<Event> {
  stop?(): void;
}

export interface ExceptionSurroundings {
  breadcrumbs(): Breadcrumb[];
  traceId(): string;
}

export interface Exceptions {
  capture(error: unknown): void;
  stop(): void;
}

/** Emits `retrace/exception@1` for what nobody caught, what happened before us too. */
export function watchExceptions(page: Watching, around: ExceptionSurroundings): Exceptions {
  const { log, redactor } = page;
  const repeats = new Map<string, { failure: Failure; more: number; timer: ReturnType<typeof setTimeout> }>();

  const emit = (failure: Failure, count: number) => {
    log.emit("retrace/exception@1", {
      ...failure,
      count,
      trace: { traceId: around.traceId() },
      // A page may miss a hundred pictures; what led there says nothing of why.
      ...(failure.kind === "resource" ? {} : { breadcrumbs: around.breadcrumbs() }),
    });
  };
  const endRepeats = (key: string) => {
    const known = repeats.get(key);
    repeats.delete(key);
    clearTimeout(known?.timer);
    if (known && known.more > 0) emit(known.failure, known.more);
  };
  const report = (failure: Failure) => {
    const key = JSON.stringify(failure);
    const known = repeats.get(key);
    if (known) {
      known.more += 1;
      return;
    }
    repeats.set(key, { failure, more: 0, timer: setTimeout(() => endRepeats(key), REPEAT_MS) });
    emit(failure, 1);
  };
  const fromError = (kind: Kind, message: string, error: unknown, place: object = {}): Failure => ({
    kind,
    ...(error instanceof Error ? { name: clip(error.name, 100) } : {}),
    message: clip(redactor.text(message), MAX_MESSAGE),
    ...(error instanceof Error && error.stack ? { stack: clip(redactor.text(error.stack), MAX_STACK) } : {}),
    ...place,
  });
  const capture = (error: unknown, kind: Kind = "captured") =>
    report(fromError(kind, error instanceof Error ? errorText(error) : describe(error), error));

  const hear = (event: Event) => {
    if (event.type === "unhandledrejection") return capture((event as PromiseRejectionEvent).reason, "unhandledrejection");
    const { target } = event;
    if (target instanceof Element) return report(resourceFailure(target));
    const { message, error, filename, lineno, colno } = event as ErrorEvent;
    const place = { source: filename, line: lineno, column: colno };
    report(fromError("onerror", message || describe(error), error, place));
  };

  const early = (window as { retraceEarly?: EarlyEvents }).retraceEarly;
  early?.stop?.();
  early?.splice(0).forEach(hear);
  const endAll = () => [...repeats.keys()].forEach(endRepeats);
  return { capture, stop: all([endAll, listen(window, ["error", "unhandledrejection"], hear)]) };
}

function resourceFailure(element: Element): Failure {
  const source = (element as HTMLImageElement).currentSrc || (element as HTMLImageElement).src || (element as HTMLLinkElement).href || "";
  return { kind: "resource", message: `Failed to load <${element.localName}>`, source: String(source) };
}
