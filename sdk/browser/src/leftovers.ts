// Sends what pages that are gone left in the outbox, window by window, in order.

import type { Outcome } from "./backoff";
import type { Batch } from "./batch";
import { endOfCrashed } from "./gap";
import { type Group, groupBy } from "./grouping";
import type { Outbox, Stored } from "./outbox";
import { ifGone } from "./page-lock";

// A recording that ends so much later than it happened is of no use to anybody; the server's own limit is 8 days.
const LONGEST_STORED_MS = 24 * 60 * 60_000;

// Where the browser has no locks, a page that stored nothing for so long is taken for gone.
const SURELY_GONE_MS = 10 * 60_000;

type Convey = (batch: Batch) => Promise<Outcome>;

/**
 * What went with a page's last breath is sent again too: nobody saw whether it arrived, and the server takes it once.
 * Never rejects.
 */
export async function sendLeftovers(outbox: Outbox, convey: Convey): Promise<void> {
  const now = Date.now();
  const stored = await outbox.list();
  const isOld = (item: Stored) => now - item.storedAt > LONGEST_STORED_MS;
  for (const ofPage of groupBy(stored, ({ page }) => page)) {
    const send = (certain: boolean) => sendPage(outbox, convey, ofPage, certain, isOld);
    await ifGone(ofPage[0].page, send).catch(() => undefined);
  }
}

async function sendPage(
  outbox: Outbox,
  convey: Convey,
  ofPage: readonly Stored[],
  certain: boolean,
  isOld: (item: Stored) => boolean,
): Promise<void> {
  for (const ofWindow of groupBy(ofPage, ({ windowId }) => windowId)) {
    ofWindow.sort((a, b) => a.sequence - b.sequence);
    if (!certain && !isOver(ofWindow, Date.now())) continue;
    for (const item of ofWindow) {
      if (!isOld(item) && !(await sendOne(outbox, convey, item))) return;
      await outbox.remove([item]);
    }
    const last = ofWindow[ofWindow.length - 1] ?? ofWindow[0];
    if (certain && !last.final) await convey(endOfCrashed(last, Date.now()));
  }
}

/** Whether nothing more is to be done about the batch. */
async function sendOne(outbox: Outbox, convey: Convey, item: Stored): Promise<boolean> {
  const batch = await outbox.read(item);
  if (!batch) return true;
  const outcome = await convey(batch);
  return outcome !== "later" && outcome !== "revoked";
}

/** Without locks: a window that said it was the last, or has been silent for long. */
function isOver(ofWindow: Group<Stored>, now: number): boolean {
  return ofWindow.some(({ final }) => final) || ofWindow.every(({ storedAt }) => now - storedAt > SURELY_GONE_MS);
}
