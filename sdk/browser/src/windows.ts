// The windows of a page: opens one when recording starts, when the page comes back from the cache and when a new visit
// begins; closes it when it ends; and keeps the visit, the transport and the outbox in step with that.

import { watchActivity } from "./activity";
import { watchLeaving } from "./leaving";
import { sendLeftovers } from "./leftovers";
import type { Settings } from "./options";
import { Outbox } from "./outbox";
import { safely } from "./safely";
import { type Address, Transport } from "./transport";
import { sharedStorage, type Visit, Visits } from "./visit";
import { type WindowHooks, WindowRecording } from "./window-recording";

export interface PageHooks extends WindowHooks {
  /** What is sent now is all there will be for a while: whatever is still gathered becomes an event. */
  finish(): void;
  /** Watches the page, from its first window on; returns how to stop. */
  watch(): () => void;
}

export class Windows {
  private readonly outbox: Outbox;
  private readonly transport: Transport;
  private readonly visits: Visits;
  private visit: Visit | undefined;
  private window: WindowRecording | undefined;
  private stops: (() => void)[] | undefined;
  private stopWatching: (() => void) | undefined;

  /** To be made before anybody watches the page: what we log or post is not the page's. */
  constructor(
    private readonly settings: Settings,
    address: Address,
    private readonly hooks: PageHooks,
  ) {
    const warn = console.warn.bind(console);
    const outbox = (this.outbox = new Outbox(settings.apiKey));
    this.transport = new Transport(address, outbox, {
      lost: safely(() => this.window?.snapshot()),
      gotThrough: () => void sendLeftovers(outbox, (batch) => this.transport.convey(batch)),
      revoked: safely(() => {
        warn("[retrace] the server refuses this apiKey; nothing more is recorded");
        void this.stop();
      }),
    });
    this.visits = new Visits(sharedStorage(), settings.sampleRate, (mine, stillRuns) => outbox.agree(mine, stillRuns));
  }

  start(): void {
    if (this.stops) return;
    this.stops = [
      watchActivity(() => this.act()),
      watchLeaving({
        hidden: () => void this.flush(),
        left: () => {
          this.close();
          this.transport.handOver();
        },
        returned: () => this.open(),
      }),
    ];
    this.open();
  }

  /** Resolves when what is left has arrived, or has to wait for a later try. */
  async stop(): Promise<void> {
    for (const stop of this.stops ?? []) safely(stop)();
    this.stops = undefined;
    this.close();
    safely(() => this.stopWatching?.())();
    this.stopWatching = undefined;
    await this.transport.deliver();
  }

  /** Sends what was recorded so far; resolves when it arrived or has to wait for a later try. */
  async flush(): Promise<void> {
    safely(this.hooks.finish)();
    await this.window?.flush();
  }

  private open(): void {
    const { visit, settled } = this.visits.enter(Date.now());
    this.visit = visit;
    if (visit.sampled) this.record(visit, settled);
    // The visit of another tab that opened at the same moment may have been decided otherwise.
    const follow = safely(() => {
      if (this.visit !== visit) return;
      if (!visit.sampled) this.discard();
      else if (!this.window) this.record(visit, settled);
    });
    void settled.then(follow);
  }

  private readonly record = safely((visit: Visit, settled: Promise<void>) => {
    const isVisitOver = () => this.visits.isOver(Date.now());
    this.window = new WindowRecording(visit, settled, this.settings, this.transport, this.hooks, isVisitOver);
    this.stopWatching ??= this.hooks.watch();
    this.outbox.open();
  });

  private readonly close = safely(() => {
    safely(this.hooks.finish)();
    this.window?.close();
    this.window = this.visit = undefined;
  });

  private discard(): void {
    this.window?.discard();
    this.window = undefined;
  }

  /** Somebody is there: the visit goes on, or a new one begins. */
  private act(): void {
    const now = Date.now();
    if (!this.visits.isOver(now)) return this.visits.touch(now);
    this.close();
    this.open();
  }
}
