// Batches as the tests need them.

import type { Batch } from "../src/batch";

/** A batch of one window with one event. */
export function batchOf(sequence: number, given: Partial<Batch> = {}): Batch {
  const body = JSON.stringify({ sessionId: "s", windowId: given.windowId ?? "w", sequence, events: [{ data: sequence }] });
  const facts = { events: 1, textBytes: body.length, fromMs: sequence * 10, toMs: sequence * 10 + 9, bytes: body.length };
  return { sessionId: "s", windowId: "w", sequence, final: false, ...facts, body, ...given };
}
