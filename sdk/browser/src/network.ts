// Watches the page's requests. Bodies are never read; of headers only `traceparent`.

import { absolute, matches, originOf } from "./addresses";
import { clip, errorText } from "./describe";
import { type EarlyRequest, watchEarlyRequests } from "./network-early";
import { watchFetch } from "./network-fetch";
import { watchXhr } from "./network-xhr";
import { all } from "./listen";
import { patch } from "./patch";
import { safely } from "./safely";
import { type Trace, traceIdOf } from "./trace";
import type { Watching } from "./watching";

const MAX_URL = 2_000; // characters
const MAX_ERROR = 500; // characters

export type Result = ({ status: number } | { error: string }) & { responseTraceparent?: string | null };

/** A request that was begun. */
export interface Begun {
  /** The header to send with it, if it is one that may carry it. */
  readonly traceparent: string | undefined;
  /** The header the app had set itself. */
  sent(traceparent: string): void;
  finish(result: Result): void;
}

export type Begin = (kind: "fetch" | "xhr", method: string, url: string) => Begun;

export interface NetworkOptions {
  ingestUrl: string;
  ignoreUrls: readonly (string | RegExp)[];
  tracePropagationTargets: readonly (string | RegExp)[];
}

/** Emits `retrace/network@1` when a request ends, except posts to the door; returns how to stop. */
export function watchNetwork(page: Watching, trace: Trace, options: NetworkOptions): () => void {
  const own = absolute(options.ingestUrl);
  const isUnseen = (url: string) => url === own || matches(url, options.ignoreUrls);
  const isFirstParty = (url: string) => originOf(url) === location.origin || matches(url, options.tracePropagationTargets);
  const facts = (kind: string, method: string, url: string) => ({
    kind,
    initiator: kind,
    method: method.toUpperCase(),
    url: clip(page.redactor.url(url), MAX_URL),
    ...(isFirstParty(url) ? { firstParty: true } : {}),
  });
  const begin: Begin = (kind, method, requested) => {
    const url = absolute(requested);
    const startedAt = Date.now();
    const started = performance.now();
    let traceparent = url !== own && isFirstParty(url) ? trace.parent() : undefined;
    return {
      traceparent,
      sent: (given) => (traceparent = given),
      finish: safely((result) => {
        if (isUnseen(url)) return;
        const { responseTraceparent, ...outcome } = result;
        const traced = {
          ...(traceparent ? { traceparent, requestTraceparent: traceparent } : {}),
          ...(responseTraceparent ? { responseTraceparent } : {}),
          traceId: traceIdOf(responseTraceparent) ?? traceIdOf(traceparent),
        };
        page.log.emit("retrace/network@1", {
          ...facts(kind, method, url),
          ...("error" in outcome ? { error: clip(page.redactor.text(outcome.error), MAX_ERROR) } : outcome),
          startedAt,
          durationMs: Math.round(performance.now() - started),
          ...(traced.traceId ? { trace: traced } : {}),
        });
      }),
    };
  };
  const reportBeacon = safely((requested: string) => {
    const url = absolute(requested);
    // What becomes of it nobody learns: it is told when it is queued.
    if (!isUnseen(url)) page.log.emit("retrace/network@1", { ...facts("beacon", "POST", url), startedAt: Date.now() });
  });
  const reportEarly = ({ kind, url, ...outcome }: EarlyRequest) => {
    if (isUnseen(url)) return;
    const { method: _, ...known } = facts(kind, "", url);
    page.log.emit("retrace/network@1", { ...known, ...outcome, early: true });
  };
  const stopEarly = safely(watchEarlyRequests)(reportEarly) ?? (() => undefined);
  return all([stopEarly, watchFetch(begin), watchXhr(begin), watchBeacons(reportBeacon)]);
}

function watchBeacons(report: (url: string) => void): () => void {
  if (typeof Navigator === "undefined" || !("sendBeacon" in Navigator.prototype)) return () => undefined;
  return patch(Navigator.prototype, "sendBeacon", (original) =>
    function sendBeacon(this: Navigator, url: string | URL, data?: BodyInit | null) {
      const queued = original.call(this, url, data);
      report(String(url));
      return queued;
    },
  );
}

export function failureText(error: unknown): string {
  return error instanceof Error ? errorText(error) : String(error);
}
