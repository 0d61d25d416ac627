// Whether the page that kept something still lives: it holds a lock of its name, which its end, however sudden, lets go.

import { newId } from "./ids";
import { safely } from "./safely";

/** The lock of this page. Held only while the server is away: a page that holds one may not enter the back cache. */
export class PageLock {
  readonly page = newId();
  private held: Promise<void> | undefined;
  private letGoNow: () => void = () => undefined;

  /** Resolves when the lock is held, or cannot be. */
  hold(): Promise<void> {
    this.held ??= new Promise((resolve) => {
      const over = new Promise<void>((end) => (this.letGoNow = end));
      const lasting = () => {
        resolve();
        return over;
      };
      const request = safely(() => locks()?.request(nameOf(this.page), lasting))();
      if (request) request.catch(() => resolve());
      else resolve();
    });
    return this.held;
  }

  letGo(): void {
    this.letGoNow();
    this.held = undefined;
  }
}

/**
 * Does the work under the lock of a page that has gone, one page at a time; not at all while that page lives, or
 * another one is at it. Where the browser has no locks `certain` is false.
 */
export async function ifGone(page: string, work: (certain: boolean) => Promise<void>): Promise<void> {
  const manager = locks();
  if (!manager) return work(false);
  await manager.request(nameOf(page), { ifAvailable: true }, (lock) => (lock ? work(true) : undefined));
}

function nameOf(page: string): string {
  return `retrace.page.${page}`;
}

function locks(): LockManager | undefined {
  return globalThis.navigator?.locks as LockManager | undefined;
}
