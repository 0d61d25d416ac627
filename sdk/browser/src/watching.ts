// What every watcher is handed.

import type { EventLog } from "./event-log";
import type { Privacy } from "./privacy";
import type { Redactor } from "./redaction";
import { describeTarget, type Target } from "./target";

export interface Watching {
  readonly log: EventLog;
  readonly redactor: Redactor;
  readonly privacy: Privacy;
  /** The id rrweb records a node under, or a negative number if it has none yet. */
  nodeId(node: Node): number;
}

export interface Aim {
  target?: Target;
  nodeId?: number;
}

/** What an event is aimed at, by its path (innermost first). */
export function aimOf(path: readonly EventTarget[], { nodeId, privacy, redactor }: Watching): Aim {
  const target = describeTarget(path, privacy, redactor);
  const innermost = path[0] as Partial<Node> | undefined;
  const id = innermost?.nodeType === undefined ? -1 : nodeId(path[0] as Node);
  return { ...(target ? { target } : {}), ...(id > 0 ? { nodeId: id } : {}) };
}

/** The names of the modifier keys that are down. */
export function modifiersOf(event: MouseEvent | KeyboardEvent): string[] {
  const { ctrlKey, shiftKey, altKey, metaKey } = event;
  return Object.entries({ ctrl: ctrlKey, shift: shiftKey, alt: altKey, meta: metaKey }).flatMap(([name, down]) => (down ? [name] : []));
}
