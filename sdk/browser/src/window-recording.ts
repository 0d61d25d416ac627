// One window: a page load, or a return to a page from the back/forward cache. Own id, own sequence numbers, own
// first snapshot. Decides when a batch is closed; the transport decides when it is sent.

import { type FlushType, Packer } from "./batch";
import { EventType, type RecordedEvent } from "./events";
import { newId } from "./ids";
import { type Recording, startRecording } from "./recording";
import type { Redactor } from "./redaction";
import type { Settings } from "./options";
import { safely } from "./safely";
import { KEEPALIVE_BYTES, type Transport } from "./transport";
import { isOver, keepVisit, tabStorage, type Visit } from "./visit";

// What may wait while the server is away; beyond it recording pauses, and resumes with a whole picture of the page.
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** The fields of a post that the window does not know itself. */
export type ClientFields = () => object;

export class WindowRecording {
  private readonly packer: Packer;
  private readonly recording: Recording;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private paused = false;
  private closed = false;

  /** Starts at once. `onVisitOver` is called when an event shows that the visit had ended before it. */
  constructor(
    private readonly visit: Visit,
    private readonly settings: Settings,
    redactor: Redactor,
    private readonly transport: Transport,
    clientFields: ClientFields,
    private readonly onVisitOver: () => void,
  ) {
    const windowId = newId();
    const envelope = (sequence: number, flushType: FlushType) => ({
      sessionId: visit.id,
      windowId,
      sequence,
      flushType,
      sentAt: Date.now(),
      ...clientFields(),
    });
    this.packer = new Packer(envelope, settings.batchSize);
    this.recording = startRecording(
      settings.privacy,
      redactor,
      safely((event: RecordedEvent) => this.keep(event)),
    );
  }

  /** rrweb's id of a node, negative if it has none. */
  nodeId(node: Node): number {
    return this.recording.nodeId(node);
  }

  /** Adds an event to the open batch. */
  keep(event: RecordedEvent): void {
    if (this.closed || !this.stillThisVisit() || !this.hasRoom(event)) return;
    const complete = this.packer.add(event);
    if (complete.length > 0) this.hand(complete);
    if (this.packer.openSize > 0) this.timer ??= setTimeout(() => this.flush(), this.settings.flushIntervalMs);
  }

  /** Closes the open batch and sends it; resolves when it arrived or has to wait for a later try. */
  flush(): Promise<void> {
    this.hand(this.packer.seal());
    return this.transport.deliver();
  }

  /** Ends the recording; its last batches are left in the transport's queue. */
  close(): void {
    if (this.closed) return;
    this.recording.stop();
    this.closed = true;
    clearTimeout(this.timer);
    this.transport.push(this.packer.sealFinal(KEEPALIVE_BYTES));
    keepVisit(tabStorage(), this.visit);
  }

  private hand(batches: Parameters<Transport["push"]>[0]): void {
    if (this.packer.openSize === 0) {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.transport.push(batches);
    keepVisit(tabStorage(), this.visit);
    void this.transport.deliver();
  }

  private stillThisVisit(): boolean {
    const now = Date.now();
    if (isOver(this.visit, now)) {
      this.close();
      // Not from inside rrweb's own callback, which still uses what stopping takes apart.
      queueMicrotask(this.onVisitOver);
      return false;
    }
    this.visit.seenAt = now;
    return true;
  }

  private hasRoom(event: RecordedEvent): boolean {
    const waiting = this.packer.openSize + this.transport.queuedBytes;
    if (!this.paused) {
      this.paused = waiting > MAX_WAITING_BYTES;
      return !this.paused;
    }
    // Some air before resuming, or the snapshot alone would pause it again.
    if (waiting > MAX_WAITING_BYTES / 2) return false;
    this.paused = false;
    this.recording.snapshot();
    // The snapshot shows the page as it is after this change; only our own events are not in it.
    return event.type === EventType.Plugin;
  }
}
