// Starts rrweb with the page's privacy options. Everything rrweb-specific is in this file.

import { record } from "@rrweb/record";
import { EventType, type RecordedEvent } from "./events";
import type { Settings } from "./options";
import type { Redactor } from "./redaction";

export interface Recording {
  stop(): void;
  /** Records the whole page again, as it is now. */
  snapshot(): void;
  nodeId(node: Node): number;
}

/** Records the DOM from now on; `onEvent` gets each event as it happens. */
export function startRecording(privacy: Settings["privacy"], redactor: Redactor, onEvent: (event: RecordedEvent) => void): Recording {
  const { maskTextSelector, blockSelector, ignoreClass } = privacy;
  const stop = record({
    emit: (event) => onEvent(event.type === EventType.Meta ? withRedactedHref(event, redactor) : event),
    maskAllInputs: privacy.maskAllInputs,
    ...(maskTextSelector ? { maskTextSelector } : {}),
    ...(blockSelector ? { blockSelector } : {}),
    ...(ignoreClass ? { ignoreClass } : {}),
    // Scripts, comments and the head's meta tags say nothing to a viewer, and may hold tokens.
    slimDOMOptions: true,
    recordAfter: "DOMContentLoaded",
    errorHandler: () => true,
  });
  return {
    stop: () => stop?.(),
    snapshot: () => record.takeFullSnapshot(),
    nodeId: (node) => record.mirror.getId(node),
  };
}

function withRedactedHref(event: RecordedEvent, redactor: Redactor): RecordedEvent {
  const data = event.data as { href: string };
  return { ...event, data: { ...data, href: redactor.url(data.href) } };
}
