// Starts rrweb with the page's privacy options. Everything rrweb-specific is in this file.

import { record } from "@rrweb/record";
import type { EventLog } from "./event-log";
import { EventType, type RecordedEvent } from "./events";
import { maskedValue, type Privacy, stars } from "./privacy";

export interface Recording {
  stop(): void;
  /** Records the whole page again, as it is now. */
  snapshot(): void;
}

/** Starts a recording; `onEvent` gets each event as it happens. */
export type StartRecording = (onEvent: (event: RecordedEvent) => void) => Recording;

// Fields whose value is what they do, not what was typed.
const UNTYPED = /^(?:button|submit|reset|image|checkbox|radio)$/;

/** Records the DOM from now on, and our own events between rrweb's; a window of its own begins. */
export function startRecording(privacy: Privacy, log: EventLog, onEvent: (event: RecordedEvent) => void): Recording {
  log.open(onEvent);
  const stop = record({
    emit: (event) => {
      log.settle();
      if (event.type === EventType.FullSnapshot) log.sawSnapshot();
      onEvent(event);
    },
    // All fields go to `maskInputFn`, hidden ones too, which "all" leaves out.
    maskInputOptions: { input: true, textarea: true, select: true } as object,
    maskInputFn: (value, field) => {
      if (UNTYPED.test((field as HTMLInputElement).type)) return value;
      return maskedValue(value, privacy.field(field));
    },
    maskTextSelector: privacy.maskSelector,
    maskTextFn: (text, element) => (element && !privacy.hidesText(element) ? text : stars(text)),
    blockSelector: privacy.blockSelector,
    ignoreSelector: privacy.ignoreSelector,
    // Scripts, comments and the head's meta tags say nothing to a viewer, and may hold tokens.
    slimDOMOptions: true,
    recordAfter: "DOMContentLoaded",
    errorHandler: () => true,
  });
  return {
    stop: () => stop?.(),
    snapshot: () => record.takeFullSnapshot(),
  };
}

/** The node rrweb gave this id, in the document recorded last. */
export function recordedNode(id: number): Node | null {
  return record.mirror.getNode(id);
}

/** The id rrweb records a node under, or a negative number if it has none yet. */
export function recordedId(node: Node): number {
  return record.mirror.getId(node);
}
