// What was recorded and will not arrive: how it is counted, and the batch that says so in the place of what is lost.

import { name, version } from "../package.json";
import { type Batch, type BatchFacts, byteLength } from "./batch";
import { EventType } from "./events";

export type GapReason = "overflow" | "lost" | "crash";

export interface Gap {
  reason: GapReason;
  /** First and last number that will not come; null where nobody knows. */
  sequences: readonly [number, number] | null;
  /** Absent where nobody knows. */
  events?: number;
  bytes?: number;
  fromMs: number;
  toMs: number;
}

/** What goes with these batches of one window, oldest first; gaps among them are counted for what they stand for. */
export function gapOf(batches: readonly [BatchFacts, ...BatchFacts[]], reason: GapReason): Gap {
  const parts = batches.map((batch) => batch.gap ?? ownGap(batch, reason));
  const numbers = parts.flatMap((part) => part.sequences ?? []);
  return {
    reason,
    sequences: numbers.length > 0 ? [Math.min(...numbers), Math.max(...numbers)] : null,
    events: total(parts.map((part) => part.events)),
    bytes: total(parts.map((part) => part.bytes)),
    fromMs: Math.min(...parts.map((part) => part.fromMs)),
    toMs: Math.max(...parts.map((part) => part.toMs)),
  };
}

function ownGap({ sequence, events, textBytes, fromMs, toMs }: BatchFacts, reason: GapReason): Gap {
  return { reason, sequences: [sequence, sequence], events, bytes: textBytes, fromMs, toMs };
}

/** The batch that takes the place, and the number, of the first of the lost ones. */
export function gapInPlaceOf(lost: readonly [BatchFacts, ...BatchFacts[]], reason: GapReason, now: number): Batch {
  return gapBatch(lost[0], lost.some((batch) => batch.final), gapOf(lost, reason), now);
}

/** The last batch of a window whose page ended without one: what came after `last`, nobody knows. */
export function endOfCrashed(last: BatchFacts, now: number): Batch {
  const gap: Gap = { reason: "crash", sequences: null, fromMs: last.toMs, toMs: now };
  const sequence = Math.max(last.sequence, last.gap?.sequences?.[1] ?? 0) + 1;
  return gapBatch({ sessionId: last.sessionId, windowId: last.windowId, sequence }, true, gap, now);
}

type Place = Pick<BatchFacts, "sessionId" | "windowId" | "sequence">;

function gapBatch({ sessionId, windowId, sequence }: Place, final: boolean, gap: Gap, now: number): Batch {
  const payload = { id: `gap${sequence}`, ...gap };
  const event = { type: EventType.Plugin, timestamp: gap.fromMs, data: { plugin: "retrace/gap@1", payload } };
  const flushType = final ? "final" : "normal";
  const sdk = { name, version };
  const body = JSON.stringify({ sessionId, windowId, sequence, flushType, sentAt: now, sdk, events: [event] });
  const bytes = byteLength(body);
  const { fromMs, toMs } = gap;
  return { sessionId, windowId, sequence, final, events: 1, textBytes: bytes, fromMs, toMs, body, bytes, gap };
}

function total(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
