// The origin's IndexedDB: opening it, and one transaction. Knows nothing of what is stored.

export type Work<T> = (transaction: IDBTransaction) => () => T;

/** A database that may be missing, forbidden or broken: every answer is then undefined, and nothing rejects. */
export class Database {
  private database: IDBDatabase | undefined;
  private opening: Promise<IDBDatabase | undefined> | undefined;

  constructor(
    private readonly name: string,
    private readonly stores: readonly string[],
  ) {}

  get isOpen(): boolean {
    return this.database !== undefined;
  }

  /**
   * Runs `work` in a transaction over all stores; what it returns is read when that is complete. With the database
   * open it begins at once: a page that is going away has no later.
   */
  async transact<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T | undefined> {
    try {
      const database = this.database ?? (await this.open());
      return database && (await perform(database.transaction([...this.stores], mode), work));
    } catch {
      return undefined;
    }
  }

  private open(): Promise<IDBDatabase | undefined> {
    this.opening ??= new Promise((resolve) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => this.stores.forEach((store) => request.result.createObjectStore(store));
      request.onerror = () => resolve(undefined);
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => {
          database.close();
          this.database = this.opening = undefined;
        };
        database.onversionchange = forget;
        database.onclose = forget;
        resolve((this.database = database));
      };
    });
    return this.opening;
  }
}

function perform<T>(transaction: IDBTransaction, work: Work<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const result = work(transaction);
    transaction.oncomplete = () => resolve(result());
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
}
