// Packs events into batches: how many go together, their sequence numbers, their exact text. No network, no clock.

import { EventType, type RecordedEvent } from "./events";
import type { Gap } from "./gap";

export type FlushType = "normal" | "final";

/** What is known of a batch beside its body. */
export interface BatchFacts {
  readonly sessionId: string;
  readonly windowId: string;
  readonly sequence: number;
  readonly final: boolean;
  readonly events: number;
  /** Bytes of the text; `bytes` are those of the body. */
  readonly textBytes: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytes: number;
  /** Set where the batch only says what is missing. */
  readonly gap?: Gap;
}

/** One post. Its text is made once, so that a retry repeats it byte for byte; on the wire it may be compressed. */
export interface Batch extends BatchFacts {
  /** The text, or the same as gzip. */
  readonly body: string | ArrayBuffer;
  /** A further number in the batch's window, while the window can give one. */
  readonly nextSequence?: () => number;
}

export const DEFAULT_MAX_BATCH_EVENTS = 50;

// Of the 60 KiB that a page may leave behind at its end, this much may still be open; the rest is for a batch on its way.
export const EARLY_FLUSH_BYTES = 40 * 1024;

/** The fields of a post beside its events. */
export type Envelope = (sequence: number, flushType: FlushType) => { sessionId: string; windowId: string };

/** An event as the text that leaves the page. */
export type Serialise = (event: RecordedEvent) => string;

/** The open batch of one window. Events are serialised as they come: they may change afterwards. */
export class Packer {
  private texts: string[] = [];
  private textBytes = 0;
  private fromMs = Infinity;
  private toMs = 0;
  private full = false;
  private sequence = 0;

  constructor(
    private readonly envelope: Envelope,
    private readonly maxEvents: number = DEFAULT_MAX_BATCH_EVENTS,
    private readonly serialise: Serialise = JSON.stringify,
  ) {}

  get isOpen(): boolean {
    return this.texts.length > 0;
  }

  /**
   * Takes an event in; whether the batch should be closed by now. `closeFirst` is called before an event that is too
   * much for the open batch: what is small must not stay behind with what is large when the page ends.
   */
  add(event: RecordedEvent, closeFirst: () => void = () => undefined): boolean {
    const text = this.serialise(event);
    const bytes = byteLength(text) + 1;
    if (this.isOpen && this.textBytes + bytes > EARLY_FLUSH_BYTES) closeFirst();
    this.texts.push(text);
    this.textBytes += bytes;
    this.fromMs = Math.min(this.fromMs, event.timestamp);
    this.toMs = Math.max(this.toMs, event.timestamp);
    // All later events build on a snapshot: it must not wait for a page that is gone by then.
    this.full ||= event.type === EventType.FullSnapshot;
    this.full ||= this.texts.length >= this.maxEvents || this.textBytes >= EARLY_FLUSH_BYTES;
    return this.full;
  }

  /** Closes the open batch, if there is anything in it. */
  seal(): Batch | undefined {
    return this.isOpen ? this.pack("normal") : undefined;
  }

  /** Closes the window: its last batch says so, even when there is nothing in it. */
  sealFinal(): Batch {
    return this.pack("final");
  }

  private pack(flushType: FlushType): Batch {
    const { texts, fromMs, toMs, sequence } = this;
    const envelope = this.envelope(sequence, flushType);
    const body = `${JSON.stringify(envelope).slice(0, -1)},"events":[${texts.join(",")}]}`;
    const { sessionId, windowId } = envelope;
    const textBytes = byteLength(body);
    const facts = { events: texts.length, textBytes, fromMs: Math.min(fromMs, toMs), toMs };
    [this.texts, this.textBytes, this.full, this.fromMs, this.toMs] = [[], 0, false, Infinity, toMs];
    this.sequence += 1;
    const nextSequence = () => this.sequence++;
    return { sessionId, windowId, sequence, final: flushType === "final", ...facts, body, bytes: textBytes, nextSequence };
  }
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

const encoder = new TextEncoder();

/** Bytes of a text as UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
