// A visit (the `sessionId`) outlives page loads: it is kept in sessionStorage until it ends or goes quiet.

import { newId } from "./ids";

export interface Visit {
  id: string;
  startedAt: number;
  seenAt: number;
  sampled: boolean;
}

// Half an hour without an event ends a visit; a day is the longest one may grow.
const IDLE_LIMIT_MS = 30 * 60_000;
const AGE_LIMIT_MS = 24 * 60 * 60_000;

const STORAGE_KEY = "retrace.visit";

type VisitStorage = Pick<Storage, "getItem" | "setItem">;

/** The stored visit if it still runs, else a new one; whether it is recorded is decided here, once. */
export function resumeVisit(storage: VisitStorage | undefined, now: number, sampleRate: number): Visit {
  const stored = readVisit(storage);
  if (stored && !isOver(stored, now)) return stored;
  return { id: newId(), startedAt: now, seenAt: now, sampled: Math.random() < sampleRate };
}

/** Whether an event at `now` belongs to a new visit. */
export function isOver(visit: Visit, now: number): boolean {
  return now - visit.seenAt > IDLE_LIMIT_MS || now - visit.startedAt > AGE_LIMIT_MS;
}

/** Keeps the visit for the next page load; a full or forbidden storage only costs that. */
export function keepVisit(storage: VisitStorage | undefined, visit: Visit): void {
  try {
    storage?.setItem(STORAGE_KEY, JSON.stringify(visit));
  } catch {
    return;
  }
}

/** The tab's storage, or undefined where the page may not use it. */
export function tabStorage(): VisitStorage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

function readVisit(storage: VisitStorage | undefined): Visit | undefined {
  try {
    const value: unknown = JSON.parse(storage?.getItem(STORAGE_KEY) ?? "null");
    return isVisit(value) ? value : undefined;
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
