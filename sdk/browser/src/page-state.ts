// The state a page is in, at the start and when something failed: enough to start a test from the same one.

import { all } from "./listen";
import { safely } from "./safely";
import { OWN_KEYS, tryArea } from "./storage";
import type { Watching } from "./watching";

/** What only the app knows of its own state. */
export interface Context {
  flags?: Readonly<Record<string, unknown>>;
  loggedIn?: boolean;
  /** The kind of account, as your tests name it: "admin", "member without orders". */
  roleRef?: string;
}

const MOST_KEYS = 50; // of each storage
const MOST_HASHED = 10_000; // characters of a value
const FAILURE_PAUSE_MS = 5_000;

/** Emits `retrace/state@1` at the start of each window, and after failures at most every 5 s; returns how to stop. */
export function watchState(page: Watching, context: () => Context, allowed: readonly string[], release: string): () => void {
  const salt = Math.floor(Math.random() * 2 ** 32);
  let lastFailure = -Infinity;
  const record = (when: "start" | "failure") => {
    page.log.emit("retrace/state@1", { when, ...(release ? { release } : {}), ...context(), ...surroundings(), ...kept(salt, allowed) });
  };
  record("start");
  const stopStarts = page.log.onOpen(safely(() => record("start")));
  const stopFailures = page.log.listen((plugin, { kind, status, error }) => {
    const isFailure =
      (plugin === "retrace/exception@1" && kind !== "resource") ||
      (plugin === "retrace/network@1" && (error !== undefined || Number(status) >= 400));
    if (!isFailure || Date.now() - lastFailure < FAILURE_PAUSE_MS) return;
    lastFailure = Date.now();
    record("failure");
  });
  return all([stopStarts, stopFailures]);
}

function surroundings(): object {
  return {
    viewport: { width: window.innerWidth, height: window.innerHeight },
    dpr: window.devicePixelRatio,
    touch: navigator.maxTouchPoints > 0,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

function kept(salt: number, allowed: readonly string[]): object {
  const areas = { local: tryArea("localStorage"), session: tryArea("sessionStorage") };
  const values = Object.values(areas).flatMap((area) => allowed.flatMap((key) => valueOf(area, key)));
  return {
    cookieNames: cookieNames(),
    storage: { local: keysOf(areas.local, salt), session: keysOf(areas.session, salt) },
    ...(values.length > 0 ? { values: Object.fromEntries(values) } : {}),
  };
}

function valueOf(area: Storage | undefined, key: string): [string, string][] {
  const value = area?.getItem(key);
  return value == null ? [] : [[key, value]];
}

function keysOf(area: Storage | undefined, salt: number): object[] {
  if (!area) return [];
  const keys = Array.from({ length: Math.min(area.length, MOST_KEYS) }, (_, index) => area.key(index) ?? "");
  return keys.filter((key) => !OWN_KEYS.test(key)).map((key) => {
    const value = area.getItem(key) ?? "";
    return { key, size: value.length, hash: saltedHash(value, salt) };
  });
}

/** Tells whether a value changed within a page load, and nothing else: FNV-1a from a start nobody else knows. */
function saltedHash(value: string, salt: number): string {
  let hash = salt;
  for (let index = 0; index < Math.min(value.length, MOST_HASHED); index += 1) {
    hash = Math.imul(hash ^ value.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}

function cookieNames(): string[] {
  const cookies = safely(() => document.cookie)() ?? "";
  return cookies.split(";").flatMap((cookie) => cookie.split("=", 1)[0]?.trim() || []).slice(0, MOST_KEYS);
}
