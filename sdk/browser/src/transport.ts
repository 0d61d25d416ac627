// Delivers batches in order, one at a time, until each is accepted or refused for good. Knows nothing of events.

import { type Batch, keptAlive } from "./batch";

// A page may have 64 KiB of keepalive bodies in flight at a time (fetch standard); the rest is for headers.
export const KEEPALIVE_BYTES = 60 * 1024;

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;

export type Outcome = "accepted" | "refused" | "later";

/** What an HTTP status says about a batch: a 4xx stays what it is, unless it asks for patience. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return "accepted";
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? "refused" : "later";
}

/** Milliseconds until the next try: doubling with jitter, or what `Retry-After` (seconds) says if that is longer. */
export function retryDelay(failures: number, retryAfter: string | null, random: number): number {
  const doubled = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  const asked = Number(retryAfter ?? 0) * 1_000;
  return Math.max(doubled * (0.5 + random / 2), Number.isFinite(asked) ? Math.min(asked, LONGEST_DELAY_MS) : 0);
}

export class Transport {
  private readonly queue: Batch[] = [];
  private running: Promise<void> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  /** `send` must be the page's own fetch from before we watched it: our posts are not the page's requests. */
  constructor(
    private readonly url: string,
    private readonly apiKey: string,
    private readonly send: typeof fetch,
  ) {}

  get queuedBytes(): number {
    return this.queue.reduce((total, batch) => total + batch.bytes, 0);
  }

  /** Queues batches for `deliver`. */
  push(batches: readonly Batch[]): void {
    this.queue.push(...batches);
  }

  /** Posts what is queued; resolves when that is done, or has to wait for the next try. */
  deliver(): Promise<void> {
    if (this.queue.length === 0 || this.retryTimer !== undefined) return Promise.resolve();
    this.running ??= this.deliverQueue();
    return this.running;
  }

  /** The page is going away: posts everything at once, the newest with keepalive, and waits for nothing. */
  handOver(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    const alive = keptAlive(this.queue, KEEPALIVE_BYTES);
    for (const batch of this.queue.splice(0)) void this.post(batch, alive.has(batch));
  }

  private async deliverQueue(): Promise<void> {
    for (let batch = this.queue[0]; batch; batch = this.queue[0]) {
      const [outcome, retryAfter] = await this.post(batch, false);
      const handedOver = this.queue[0] !== batch;
      if (handedOver) continue;
      if (outcome === "later") {
        this.failures += 1;
        this.retryTimer = setTimeout(() => this.retry(), retryDelay(this.failures, retryAfter, Math.random()));
        break;
      }
      this.failures = 0;
      this.queue.shift();
    }
    // In the same step as the last look at the queue: a batch pushed from here on starts a new run.
    this.running = undefined;
  }

  private retry(): void {
    this.retryTimer = undefined;
    void this.deliver();
  }

  private async post(batch: Batch, keepalive: boolean): Promise<readonly [Outcome, string | null]> {
    const abort = new AbortController();
    const timeout = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS);
    try {
      const response = await this.send(this.url, {
        method: "POST",
        headers: { "content-type": "application/json", "x-retrace-key": this.apiKey },
        body: batch.body,
        credentials: "omit",
        keepalive,
        signal: abort.signal,
      });
      return [outcomeOf(response.status), response.headers.get("retry-after")];
    } catch {
      return ["later", null];
    } finally {
      clearTimeout(timeout);
    }
  }
}
