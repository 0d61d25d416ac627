// Packs events into batches: how many go together, their sequence numbers, their exact bytes. No network, no clock.

import { EventType, type RecordedEvent } from "./events";

export type FlushType = "normal" | "final";

/** One post. Its body is made once, so that a retry repeats it byte for byte. */
export interface Batch {
  readonly sequence: number;
  readonly body: string;
  readonly bytes: number;
}

export const DEFAULT_MAX_BATCH_EVENTS = 50;
export const MAX_BATCH_BYTES = 200_000;

/** The fields of a post beside its events. */
export type Envelope = (sequence: number, flushType: FlushType) => object;

/** The open batch of one window. Events are serialised as they come: they may change afterwards. */
export class Packer {
  private events: string[] = [];
  private size = 0;
  private sequence = 0;

  constructor(
    private readonly envelope: Envelope,
    private readonly maxEvents: number = DEFAULT_MAX_BATCH_EVENTS,
  ) {}

  /** Characters that wait to be sealed. */
  get openSize(): number {
    return this.size;
  }

  /** Takes an event in; returns the batches that are complete by that. */
  add(event: RecordedEvent): Batch[] {
    const text = JSON.stringify(event);
    const before = this.size + text.length > MAX_BATCH_BYTES ? this.seal() : [];
    this.events.push(text);
    this.size += text.length;
    // All later events build on a snapshot: it must not wait for a page that is gone by then.
    const complete = event.type === EventType.FullSnapshot || this.events.length >= this.maxEvents;
    return complete ? [...before, ...this.seal()] : before;
  }

  /** Closes the open batch, if there is anything in it. */
  seal(): Batch[] {
    return this.events.length > 0 ? [this.pack(this.events.splice(0), "normal")] : [];
  }

  /** Closes the window: the newest events that fit into `tailBytes` are its final batch, the rest goes before it. */
  sealFinal(tailBytes: number): Batch[] {
    const overhead = byteLength(assemble(this.envelope(this.sequence + 1, "final"), []));
    const start = tailStart(this.events.map(byteLength), tailBytes - overhead);
    const head = this.events.splice(0, start);
    const earlier = head.length > 0 ? [this.pack(head, "normal")] : [];
    return [...earlier, this.pack(this.events.splice(0), "final")];
  }

  private pack(events: readonly string[], flushType: FlushType): Batch {
    this.size = this.events.reduce((total, event) => total + event.length, 0);
    const sequence = this.sequence++;
    const body = assemble(this.envelope(sequence, flushType), events);
    return { sequence, body, bytes: byteLength(body) };
  }
}

/** Index from which the events, with their commas, fit into `budget` bytes. */
export function tailStart(sizes: readonly number[], budget: number): number {
  let start = sizes.length;
  let used = 0;
  while (start > 0) {
    used += (sizes[start - 1] ?? 0) + 1;
    if (used > budget) break;
    start -= 1;
  }
  return start;
}

/** The batches to send with keepalive: from the newest backwards, as many as fit into `budget` bytes together. */
export function keptAlive(batches: readonly Batch[], budget: number): ReadonlySet<Batch> {
  const kept = new Set<Batch>();
  let left = budget;
  for (const batch of [...batches].reverse()) {
    if (batch.bytes > left) continue;
    left -= batch.bytes;
    kept.add(batch);
  }
  return kept;
}

function assemble(envelope: object, events: readonly string[]): string {
  return `${JSON.stringify(envelope).slice(0, -1)},"events":[${events.join(",")}]}`;
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
