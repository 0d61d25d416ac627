// What an answer means for a batch, and how long to wait after a bad one. Pure.

export interface Timing {
  readonly firstDelayMs: number;
  /** Also the shortest time between two requests while the server refuses. */
  readonly leastDelayMs: number;
  readonly longestDelayMs: number;
  readonly longestRetryAfterMs: number;
  readonly requestTimeoutMs: number;
}

export const TIMING: Timing = {
  firstDelayMs: 1_000,
  leastDelayMs: 1_000,
  longestDelayMs: 60_000,
  // A server that asks for hours is mistaken more often than busy; asking again costs it one request in five minutes.
  longestRetryAfterMs: 300_000,
  requestTimeoutMs: 30_000,
};

/** `revoked`: the key is not valid; `refused`: never this batch; `too_large`: not in one piece; `later`: try again. */
export type Outcome = "accepted" | "refused" | "too_large" | "revoked" | "later";

const OUTCOMES: Readonly<Record<number, Outcome>> = {
  401: "revoked",
  403: "revoked",
  408: "later",
  413: "too_large",
  425: "later",
  429: "later",
};

/** What an HTTP status says about a batch: a 4xx stays what it is, unless it asks for patience. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return "accepted";
  return OUTCOMES[status] ?? (status >= 400 && status < 500 ? "refused" : "later");
}

/** Milliseconds that a `Retry-After` asks for, in seconds or as a date; 0 where it says nothing. */
export function retryAfterMs(header: string | null, now: number): number {
  if (!header) return 0;
  const asked = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return asked > 0 ? asked : 0;
}

/**
 * Milliseconds until the next try after so many failures in a row: anywhere below a doubling limit, so that pages do
 * not come back all at once, but no sooner than the server asked for.
 */
export function retryDelay(failures: number, askedMs: number, random: number, timing: Timing = TIMING): number {
  const limit = Math.min(timing.firstDelayMs * 2 ** failures, timing.longestDelayMs);
  return Math.max(random * limit, Math.min(askedMs, timing.longestRetryAfterMs), timing.leastDelayMs);
}
