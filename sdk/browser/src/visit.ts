// A visit (the `sessionId`) outlives page loads and spans tabs: it is kept in localStorage until it ends or goes quiet.

import { newId } from "./ids";

export interface Visit {
  id: string;
  startedAt: number;
  /** Of the last act of the person, in any tab. */
  seenAt: number;
  sampled: boolean;
  /** Whether all tabs know it. */
  agreed?: boolean;
}

// Half an hour without an act ends a visit; four hours are the longest one may grow.
const IDLE_LIMIT_MS = 30 * 60_000;
const AGE_LIMIT_MS = 4 * 60 * 60_000;

const STORAGE_KEY = "retrace.visit";
const WRITE_INTERVAL_MS = 1_000;

// The database of a browser in trouble may never answer; the first batch waits for it no longer than this.
const AGREE_LIMIT_MS = 500;
// Without a database: until what other tabs wrote has come here.
const PROPAGATION_MS = 50;

type VisitStorage = Pick<Storage, "getItem" | "setItem">;

/** Asks all tabs which visit it is; undefined where that is not possible. */
export type Agree = (mine: Visit, stillRuns: (visit: Visit) => boolean) => Promise<Visit | undefined>;

/** Whether what happens at `now` belongs to a new visit. */
export function isOver(visit: Visit, now: number): boolean {
  return now - visit.seenAt > IDLE_LIMIT_MS || now - visit.startedAt > AGE_LIMIT_MS;
}

/** The visit this page is part of, as all tabs see it. */
export class Visits {
  private visit: Visit | undefined;
  private writtenAt = -Infinity;

  constructor(
    private readonly storage: VisitStorage | undefined,
    private readonly sampleRate: number,
    private readonly agree: Agree,
  ) {}

  /**
   * The visit that runs, else a new one; whether it is recorded is decided with it, once. Of a new one the id may
   * change until `settled`, when another tab opened at the same moment.
   */
  enter(now: number): { visit: Visit; settled: Promise<void> } {
    const known = [this.stored(), this.visit].find((visit) => visit && !isOver(visit, now));
    const visit = known ?? { id: newId(), startedAt: now, seenAt: now, sampled: Math.random() < this.sampleRate };
    this.visit = visit;
    visit.seenAt = now;
    this.write(now);
    // One that another tab has only just proposed may still give way to a third's.
    return { visit, settled: visit.agreed ? Promise.resolve() : this.settle(visit) };
  }

  /** Whether the visit has ended, here and in all other tabs. */
  isOver(now: number): boolean {
    if (!this.visit) return true;
    if (!isOver(this.visit, now)) return false;
    const stored = this.stored();
    if (stored?.id === this.visit.id) this.visit.seenAt = Math.max(this.visit.seenAt, stored.seenAt);
    return isOver(this.visit, now);
  }

  /** The person did something. */
  touch(now: number): void {
    if (!this.visit) return;
    this.visit.seenAt = now;
    if (now - this.writtenAt >= WRITE_INTERVAL_MS) this.write(now);
  }

  private async settle(visit: Visit): Promise<void> {
    const stillRuns = (other: Visit) => isVisit(other) && !isOver(other, Date.now());
    const agreed = (await within(AGREE_LIMIT_MS, this.agree(visit, stillRuns))) ?? (await this.propagated());
    if (this.visit !== visit) return;
    Object.assign(visit, agreed, { seenAt: visit.seenAt, agreed: true });
    this.write(Date.now());
  }

  private async propagated(): Promise<Visit | undefined> {
    await pause(PROPAGATION_MS);
    return this.stored();
  }

  /** Keeps the visit for the next page load; a full or forbidden storage only costs that. */
  private write(now: number): void {
    this.writtenAt = now;
    try {
      this.storage?.setItem(STORAGE_KEY, JSON.stringify(this.visit));
    } catch {
      return;
    }
  }

  private stored(): Visit | undefined {
    try {
      const value: unknown = JSON.parse(this.storage?.getItem(STORAGE_KEY) ?? "null");
      return isVisit(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The storage that all tabs of the origin share, or undefined where the page may not use it. */
export function sharedStorage(): VisitStorage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

function isVisit(value: unknown): value is Visit {
  const visit = value as Visit | null;
  return (
    typeof visit?.id === "string" &&
    visit.id !== "" &&
    typeof visit.startedAt === "number" &&
    typeof visit.seenAt === "number" &&
    typeof visit.sampled === "boolean"
  );
}

function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, pause(limitMs)]);
}

function pause(delayMs: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), delayMs));
}
