// Batches that wait in the origin's IndexedDB for better times: those of a page the server is away from, and what a
// page that left could not send. Bounded for the origin; the oldest goes first, with a batch in its place that says so.

import type { Batch, BatchFacts } from "./batch";
import { Database } from "./database";
import { gapInPlaceOf } from "./gap";
import { type Group, groupBy } from "./grouping";
import { PageLock } from "./page-lock";
import type { Visit } from "./visit";

export const MAX_OUTBOX_BYTES = 16 * 1024 * 1024;

// Of what is over the bound so much goes at once that the next batch does not find it full again.
const AFTER_OVERFLOW = 0.75;

/** What is known of a stored batch without reading its body. */
export interface Stored extends BatchFacts {
  readonly id: string;
  readonly apiKey: string;
  readonly page: string;
  readonly storedAt: number;
}

type Place = Pick<BatchFacts, "windowId" | "sequence">;

const [HEADS, BODIES, VISITS] = ["heads", "bodies", "visits"] as const;
const THE_VISIT = "current";

export class Outbox {
  private readonly database = new Database("retrace", [HEADS, BODIES, VISITS]);
  private readonly lock = new PageLock();

  constructor(
    private readonly apiKey: string,
    private readonly maxBytes: number = MAX_OUTBOX_BYTES,
  ) {}

  /** Opens it beforehand: a page that goes away has no time for that. */
  open(): void {
    void this.database.transact("readonly", () => () => undefined);
  }

  /** Whether something can be stored without waiting. */
  get isOpen(): boolean {
    return this.database.isOpen;
  }

  /** Stores a batch of this living page: should the page crash, the next one sends it. */
  async keep(batch: Batch): Promise<void> {
    // First the lock: without it another page would take this one for dead, and end its window.
    await this.lock.hold();
    await this.database.transact("readwrite", (transaction) => {
      this.write(transaction, [batch]);
      const request = transaction.objectStore(HEADS).getAll() as IDBRequest<Stored[]>;
      request.onsuccess = () => this.makeRoom(transaction, request.result);
      return () => undefined;
    });
  }

  /** The server is back: what is still stored of this page is like that of any other. */
  release(): void {
    this.lock.letGo();
  }

  /** Stores what a page that goes away right now leaves behind. */
  leave(batches: readonly Batch[]): void {
    void this.database.transact("readwrite", (transaction) => {
      this.write(transaction, batches);
      // Nobody will be there for the answers; left open, the transaction would be undone.
      transaction.commit?.();
      return () => undefined;
    });
    this.lock.letGo();
  }

  async remove(batches: readonly Place[]): Promise<void> {
    await this.database.transact("readwrite", (transaction) => {
      for (const batch of batches) drop(transaction, idOf(batch));
      return () => undefined;
    });
  }

  /** Forgets everything that is stored for this key. */
  async clear(): Promise<void> {
    await this.remove(await this.list());
  }

  /** What is stored for this key. */
  async list(): Promise<Stored[]> {
    const all = await this.database.transact("readonly", (transaction) => {
      const request = transaction.objectStore(HEADS).getAll() as IDBRequest<Stored[]>;
      return () => request.result;
    });
    return (all ?? []).filter(({ apiKey }) => apiKey === this.apiKey);
  }

  /** The batch itself; undefined when it has gone meanwhile. */
  async read(stored: Stored): Promise<Batch | undefined> {
    const body = await this.database.transact("readonly", (transaction) => {
      const request = transaction.objectStore(BODIES).get(stored.id) as IDBRequest<Batch["body"] | undefined>;
      return () => request.result;
    });
    return body === undefined ? undefined : { ...stored, body };
  }

  /**
   * The one visit of all tabs that open at the same moment: the first to come stores its own, the others get that.
   * Transactions are serialised over all tabs, what localStorage shows is not.
   */
  agree(mine: Visit, stillRuns: (visit: Visit) => boolean): Promise<Visit | undefined> {
    return this.database.transact("readwrite", (transaction) => {
      const store = transaction.objectStore(VISITS);
      const request = store.get(THE_VISIT) as IDBRequest<Visit | undefined>;
      let agreed = mine;
      request.onsuccess = () => {
        if (request.result && stillRuns(request.result)) agreed = request.result;
        else store.put({ ...mine }, THE_VISIT);
      };
      return () => agreed;
    });
  }

  private write(transaction: IDBTransaction, batches: readonly Batch[]): void {
    const about = { apiKey: this.apiKey, page: this.lock.page, storedAt: Date.now() };
    for (const batch of batches) put(transaction, batch, about);
  }

  private makeRoom(transaction: IDBTransaction, stored: readonly Stored[]): void {
    for (const lost of surplus(stored, this.maxBytes)) {
      for (const { id } of lost) drop(transaction, id);
      put(transaction, gapInPlaceOf(lost, "overflow", Date.now()), lost[0]);
    }
  }
}

/** What has to go, oldest first, so that the rest is well below `maxBytes`; by window, each in order. */
export function surplus(stored: readonly Stored[], maxBytes: number): Group<Stored>[] {
  let total = stored.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= maxBytes) return [];
  const going: Stored[] = [];
  for (const head of [...stored].sort((a, b) => a.storedAt - b.storedAt || a.sequence - b.sequence)) {
    if (total <= maxBytes * AFTER_OVERFLOW) break;
    total -= head.bytes;
    going.push(head);
  }
  return groupBy(going, ({ windowId }) => windowId);
}

function idOf({ windowId, sequence }: Place): string {
  return `${windowId}/${sequence}`;
}

type Keeping = Pick<Stored, "apiKey" | "page" | "storedAt">;

function put(transaction: IDBTransaction, batch: Batch, { apiKey, page, storedAt }: Keeping): void {
  // A function cannot be stored, and a page that is gone gives out no numbers.
  const { body, nextSequence: _, ...facts } = batch;
  const id = idOf(batch);
  transaction.objectStore(HEADS).put({ ...facts, id, apiKey, page, storedAt } satisfies Stored, id);
  transaction.objectStore(BODIES).put(body, id);
}

function drop(transaction: IDBTransaction, id: string): void {
  transaction.objectStore(HEADS).delete(id);
  transaction.objectStore(BODIES).delete(id);
}
