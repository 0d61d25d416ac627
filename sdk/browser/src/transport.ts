// Delivers batches in order, one at a time, until each is accepted or refused for good. Knows nothing of events.

import { type Outcome, outcomeOf, retryAfterMs, retryDelay, type Timing, TIMING } from "./backoff";
import { type Batch, keptAlive } from "./batch";
import { compressed } from "./compression";
import { gapInPlaceOf } from "./gap";
import { groupBy } from "./grouping";
import type { Outbox } from "./outbox";
import { halves } from "./splitting";

// A page may have 64 KiB of keepalive bodies in flight at a time (fetch standard); the rest is for headers.
export const KEEPALIVE_BYTES = 60 * 1024;

// What may wait in memory while the server is away; beyond it the oldest goes, down to this share.
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const AFTER_OVERFLOW = 0.75;

/** Where batches go. `send` must be the page's own fetch from before we watched it: our posts are not the page's. */
export interface Address {
  readonly url: string;
  readonly apiKey: string;
  readonly send: typeof fetch;
}

export interface TransportEvents {
  /** Something will not arrive: what follows needs a whole picture of the page to build on. */
  lost(): void;
  /** The server takes what it gets, for the first time or again. */
  gotThrough(): void;
  /** The key is not valid; nothing will ever be sent. */
  revoked(): void;
}

interface Answer {
  readonly outcome: Outcome;
  readonly askedMs: number;
  readonly answered: boolean;
}

interface Waiting {
  batch: Batch;
  /** Resolves when the body is what will be sent. */
  ready: Promise<void>;
  /** Somebody else's: it is not counted, and stored elsewhere; `done` says how it went. */
  done?: (outcome: Outcome) => void;
  stored?: Promise<void>;
  tried?: boolean;
}

export class Transport {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private aborting: AbortController | undefined;
  private failures = 0;
  private notBefore = 0;
  private triedAt = -Infinity;
  private hasGotThrough = false;
  private forgetting: Promise<void> = Promise.resolve();
  private hasNews = false;
  private isRevoked = false;

  constructor(
    private readonly address: Address,
    private readonly outbox: Outbox,
    private readonly events: TransportEvents,
    private readonly timing: Timing = TIMING,
    private readonly maxBytes: number = MAX_WAITING_BYTES,
  ) {}

  get queuedBytes(): number {
    return this.waiting.reduce((total, { batch, done }) => total + (done ? 0 : batch.bytes), 0);
  }

  /** Queues a batch for `deliver`. */
  push(batch: Batch): void {
    if (this.isRevoked) return;
    const waiting: Waiting = { batch, ready: Promise.resolve() };
    waiting.ready = compressed(batch).then((smaller) => {
      // Unless something else has taken its place meanwhile.
      if (waiting.batch === batch) waiting.batch = smaller;
      if (this.failures > 0 && this.waiting.includes(waiting)) this.store(waiting);
    });
    this.insert(waiting);
    this.makeRoom();
  }

  /** Sends a batch that is stored elsewhere, after what this page has to say; resolves with what became of it. */
  convey(batch: Batch): Promise<Outcome> {
    if (this.isRevoked) return Promise.resolve("revoked");
    return new Promise((done) => {
      const waiting: Waiting = { batch, ready: Promise.resolve(), done };
      waiting.ready = compressed(batch).then((smaller) => void (waiting.batch = smaller));
      this.insert(waiting);
      void this.deliver();
    });
  }

  /** Posts what is queued; resolves when that is done, or has to wait for the next try. */
  deliver(): Promise<void> {
    if (this.waiting.length === 0) return Promise.resolve();
    const wait = this.notBefore - performance.now();
    if (wait > 0) {
      this.wakeIn(wait);
      return Promise.resolve();
    }
    this.running ??= this.deliverQueue().catch(() => undefined);
    return this.running;
  }

  /** The page is going away: what fits goes with keepalive, everything is stored, and nothing is waited for. */
  handOver(): void {
    this.sleep();
    this.aborting?.abort();
    const own = this.waiting.filter(({ done }) => !done).map(({ batch }) => batch);
    for (const { done } of this.waiting.splice(0)) done?.("later");
    const troubled = this.failures > 0 || isOffline();
    const rested = performance.now() - this.triedAt >= this.timing.leastDelayMs;
    // The server is away: one try, with the newest, is all it is asked for. The visit's next page sends the rest.
    const alive = keptAlive(troubled ? own.slice(rested ? -1 : own.length) : own, KEEPALIVE_BYTES);
    const storing = this.outbox.isOpen;
    for (const batch of own) {
      if (alive.has(batch) || !storing) void this.lastWord(batch, alive.has(batch));
    }
    this.outbox.leave(own);
  }

  private async lastWord(batch: Batch, keepalive: boolean): Promise<void> {
    const { outcome } = await this.post(batch, keepalive);
    // Read only by a page that lives on, in the back cache or after all.
    if (outcome === "accepted") await this.outbox.remove([batch]);
  }

  private insert(waiting: Waiting): void {
    // Own ones first: they are what somebody may be looking at.
    const firstBorrowed = this.waiting.findIndex(({ done, tried }) => done && !tried);
    if (waiting.done || firstBorrowed < 0) this.waiting.push(waiting);
    else this.waiting.splice(firstBorrowed, 0, waiting);
  }

  private async deliverQueue(): Promise<void> {
    try {
      await this.deliverWaiting();
    } finally {
      // In the same step as the last look at the queue: a batch pushed from here on starts a new run.
      this.running = undefined;
    }
  }

  private async deliverWaiting(): Promise<void> {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      await next.ready;
      if (this.waiting[0] !== next) continue;
      next.tried = true;
      const answer = await this.post(next.batch, false);
      const handedOver = this.waiting[0] !== next;
      if (handedOver) continue;
      await this.settle(next, answer.outcome);
      if (this.failures > 0) {
        this.pause(answer);
        break;
      }
    }
  }

  private async settle(waiting: Waiting, outcome: Outcome): Promise<void> {
    if (outcome === "later") return this.fail();
    if (outcome === "revoked") return this.giveUp();
    if (outcome === "accepted") return this.succeed(waiting);
    const parts = outcome === "too_large" ? await halves(waiting.batch).catch(() => undefined) : undefined;
    if (parts) this.replace(waiting, parts);
    else if (waiting.batch.gap || waiting.done) this.drop(waiting, outcome);
    else this.replace(waiting, [gapInPlaceOf([waiting.batch], "lost", Date.now())]);
  }

  private succeed(waiting: Waiting): void {
    if (this.failures > 0 || !this.hasGotThrough) this.hasNews = true;
    this.failures = 0;
    this.hasGotThrough = true;
    this.replace(waiting, []);
    waiting.done?.("accepted");
    if (waiting.batch.gap?.reason === "lost" && !waiting.done) this.events.lost();
    if (this.hasNews && this.waiting.every(({ done }) => done)) {
      this.hasNews = false;
      // Not before the outbox has forgotten what arrived: it would look like what a page that crashed left behind.
      void this.forgetting.then(() => {
        if (this.failures > 0) return;
        this.outbox.release();
        this.events.gotThrough();
      });
    }
  }

  private fail(): void {
    this.failures += 1;
    if (this.failures === 1) for (const waiting of this.waiting) this.store(waiting);
  }

  private drop(waiting: Waiting, outcome: Outcome): void {
    this.replace(waiting, []);
    waiting.done?.(outcome);
    // Not even a word about a loss is taken: the server refuses everything, and is not asked in a hurry.
    if (!waiting.done) this.failures += 1;
  }

  private giveUp(): void {
    this.isRevoked = true;
    this.failures = 0;
    for (const { done } of this.waiting.splice(0)) done?.("revoked");
    void this.outbox.clear();
    this.outbox.release();
    this.events.revoked();
  }

  private replace(waiting: Waiting, batches: readonly Batch[]): void {
    const place = this.waiting.indexOf(waiting);
    if (place < 0) return;
    const instead = batches.map((batch) => ({ batch, ready: Promise.resolve() }));
    this.waiting.splice(place, 1, ...instead);
    const { stored } = waiting;
    if (stored) this.forgetting = this.forgetting.then(() => stored).then(() => this.outbox.remove([waiting.batch]));
    if (this.failures > 0) for (const part of instead) this.store(part);
  }

  private store(waiting: Waiting): void {
    if (!waiting.done) waiting.stored ??= this.outbox.keep(waiting.batch);
  }

  /** On overflow the oldest goes first, with a batch in its place that says so. */
  private makeRoom(): void {
    if (this.queuedBytes <= this.maxBytes) return;
    let surplus = this.queuedBytes - this.maxBytes * AFTER_OVERFLOW;
    const going = this.waiting.filter(({ batch, done, tried }) => {
      // Of one that was tried nobody knows whether it arrived: its number is taken.
      if (done || tried || surplus <= 0) return false;
      surplus -= batch.bytes;
      return true;
    });
    for (const [first, ...others] of groupBy(going, ({ batch }) => batch.windowId)) {
      const lost = gapInPlaceOf([first.batch, ...others.map(({ batch }) => batch)], "overflow", Date.now());
      for (const other of others) this.replace(other, []);
      this.replace(first, [lost]);
    }
    // Not from inside the recorder's own callback.
    queueMicrotask(this.events.lost);
  }

  private pause({ askedMs, answered }: Answer): void {
    // Without a network no request goes out: `online` ends the wait, or, where that is not to be trusted, the time.
    const idle = !answered && isOffline();
    const delay = idle ? this.timing.longestDelayMs : retryDelay(this.failures, askedMs, Math.random(), this.timing);
    this.notBefore = performance.now() + delay;
    this.wakeIn(delay);
    if (!answered) globalThis.addEventListener?.("online", this.onOnline);
  }

  private readonly onOnline = (): void => {
    this.sleep();
    this.notBefore = this.triedAt + this.timing.leastDelayMs;
    void this.deliver();
  };

  private wakeIn(delay: number): void {
    this.timer ??= setTimeout(() => {
      this.sleep();
      void this.deliver();
    }, delay);
  }

  private sleep(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    globalThis.removeEventListener?.("online", this.onOnline);
  }

  private async post({ body }: Batch, keepalive: boolean): Promise<Answer> {
    const abort = new AbortController();
    if (!keepalive) this.aborting = abort;
    const timeout = setTimeout(() => abort.abort(), this.timing.requestTimeoutMs);
    this.triedAt = performance.now();
    try {
      const response = await this.address.send(this.address.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-retrace-key": this.address.apiKey,
          ...(typeof body === "string" ? {} : { "content-encoding": "gzip" }),
        },
        body,
        credentials: "omit",
        keepalive,
        signal: abort.signal,
      });
      const askedMs = retryAfterMs(response.headers.get("retry-after"), Date.now());
      return { outcome: outcomeOf(response.status), askedMs, answered: true };
    } catch {
      return { outcome: "later", askedMs: 0, answered: false };
    } finally {
      clearTimeout(timeout);
    }
  }
}

function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}
