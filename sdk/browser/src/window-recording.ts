// One window: a page load, or a return to a page from the back/forward cache. Own id, own sequence numbers, own
// first snapshot. Decides when a batch is closed; the transport decides when it is sent.

import { type Batch, type FlushType, Packer, type Serialise } from "./batch";
import type { RecordedEvent } from "./events";
import { newId } from "./ids";
import type { Settings } from "./options";
import type { Recording, StartRecording } from "./recording";
import { safely } from "./safely";
import type { Transport } from "./transport";
import type { Visit } from "./visit";

/** What a window needs of the rest of the recorder. */
export interface WindowHooks {
  readonly startRecording: StartRecording;
  readonly serialise: Serialise;
  /** The fields of a post that the window does not know itself. */
  fields(): object;
}

export class WindowRecording {
  private readonly packer: Packer;
  private readonly recording: Recording;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSettled = false;
  private isClosed = false;

  /** Starts at once; nothing leaves before `settled`, until when the visit's id may change. */
  constructor(
    visit: Visit,
    private readonly settled: Promise<void>,
    private readonly settings: Settings,
    private readonly transport: Transport,
    hooks: WindowHooks,
    private readonly isVisitOver: () => boolean,
  ) {
    const windowId = newId();
    const envelope = (sequence: number, flushType: FlushType) => ({
      sessionId: visit.id,
      windowId,
      sequence,
      flushType,
      sentAt: Date.now(),
      ...hooks.fields(),
    });
    this.packer = new Packer(envelope, settings.batchSize, hooks.serialise);
    this.recording = hooks.startRecording(safely((event: RecordedEvent) => this.keep(event)));
    void settled.then(safely(() => this.settle()));
  }

  /** Adds an event to the open batch. */
  private keep(event: RecordedEvent): void {
    if (this.isClosed) return;
    // The page goes on by itself, but nobody is there.
    if (this.isVisitOver()) return this.end();
    const isFull = this.packer.add(event, () => void (this.isSettled && this.flush()));
    if (isFull && this.isSettled) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), this.settings.flushIntervalMs);
  }

  /** Records the whole page again, as it is now. */
  snapshot(): void {
    if (!this.isClosed) this.recording.snapshot();
  }

  /** Closes the open batch and sends it; resolves when it arrived or has to wait for a later try. */
  async flush(): Promise<void> {
    if (!this.isSettled) await this.settled;
    safely(() => this.hand(this.packer.seal()))();
    await this.transport.deliver();
  }

  /** Ends the recording; its last batch is left in the transport's queue. */
  close(): void {
    if (this.discard()) this.hand(this.packer.sealFinal());
  }

  private end(): void {
    this.close();
    void this.transport.deliver();
  }

  /** Ends the recording without a word; whether it was still running. */
  discard(): boolean {
    if (this.isClosed) return false;
    this.isClosed = true;
    this.recording.stop();
    return true;
  }

  private settle(): void {
    this.isSettled = true;
    void this.flush();
  }

  private hand(batch: Batch | undefined): void {
    if (this.isClosed && !batch?.final) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (batch) this.transport.push(batch);
  }
}
