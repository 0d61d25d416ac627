// Requests that were begun before this script was there, as the browser remembers them.

import { safely } from "./safely";

/** A request whose method nobody knows any more. */
export interface EarlyRequest {
  kind: "fetch" | "xhr";
  url: string;
  status: number;
  startedAt: number;
  durationMs: number;
}

const KINDS: Readonly<Record<string, EarlyRequest["kind"]>> = { fetch: "fetch", xmlhttprequest: "xhr" };

/** Calls `report` with each that was answered, now or later; returns how to stop. */
export function watchEarlyRequests(report: (request: EarlyRequest) => void): () => void {
  const since = performance.now();
  const hear = safely((list: PerformanceObserverEntryList) => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
      const kind = KINDS[entry.initiatorType];
      // Another origin may keep its status to itself.
      if (!kind || entry.startTime >= since || !entry.responseStatus) continue;
      const startedAt = Math.round(performance.timeOrigin + entry.startTime);
      report({ kind, url: entry.name, status: entry.responseStatus, startedAt, durationMs: Math.round(entry.duration) });
    }
  });
  const observer = new PerformanceObserver(hear);
  observer.observe({ type: "resource", buffered: true });
  return () => observer.disconnect();
}
