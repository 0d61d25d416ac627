// The trail of what happened before an error, in the shape Sentry's SDKs use.

import { clip } from "./describe";
import type { EventListener } from "./event-log";
import type { Target } from "./target";

export interface Breadcrumb {
  /** Milliseconds. */
  timestamp: number;
  category: string;
  message: string;
  level: string;
  type?: string;
  data?: Record<string, unknown>;
}

/** What a page may add; the rest is filled in. */
export type GivenBreadcrumb = Partial<Breadcrumb>;

const MAX_CATEGORY = 80; // characters, as the two below
const MAX_MESSAGE = 500;
const MAX_CLICKED_TEXT = 80;

/** The newest breadcrumbs. What goes in and out is copied: neither side can change the other's. */
export class Breadcrumbs {
  private readonly trail: Breadcrumb[] = [];

  constructor(private readonly limit: number) {}

  add(given: GivenBreadcrumb): void {
    const { data, type } = given;
    this.trail.push({
      timestamp: Number.isFinite(given.timestamp) ? Number(given.timestamp) : Date.now(),
      category: clip(String(given.category ?? "manual"), MAX_CATEGORY),
      message: clip(String(given.message ?? ""), MAX_MESSAGE),
      level: String(given.level ?? "info"),
      ...(type ? { type: String(type) } : {}),
      ...(data ? { data: copy(data) } : {}),
    });
    if (this.trail.length > this.limit) this.trail.shift();
  }

  list(): Breadcrumb[] {
    return copy(this.trail);
  }

  /** Leaves a breadcrumb for each event that is one. */
  readonly hear: EventListener = (plugin, payload) => {
    const crumb = crumbOf(plugin, payload);
    if (crumb) this.add(crumb);
  };
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The breadcrumb an event leaves, if any. */
export function crumbOf(plugin: string, payload: Readonly<Record<string, unknown>>): GivenBreadcrumb | undefined {
  const { level, message, method, url, status, error, durationMs, kind, from, to } = payload;
  switch (plugin) {
    case "retrace/click@1":
      return { category: "ui.click", message: clickedText(payload["target"] as Target) };
    case "retrace/console@1":
      return { category: "console", level: sentryLevel(level), message: (payload["payload"] as string[]).join(" ") };
    case "retrace/network@1": {
      const bare = withoutQuery(String(url));
      const outcome = status === undefined ? `(failed: ${String(error)})` : String(status);
      const failed = error !== undefined || Number(status) >= 400;
      const data = { method, url: bare, ...(error === undefined ? { status_code: status } : { error }), duration_ms: durationMs };
      const message = kind === "beacon" ? `${method} ${bare}` : `${method} ${bare} → ${outcome}`;
      return { category: "http", type: "http", level: failed ? "error" : "info", message, data };
    }
    case "retrace/nav@1": {
      const data = { from: withoutQuery(String(from)), to: withoutQuery(String(to)), trigger: kind };
      return { category: "navigation", type: "navigation", message: `${data.from} → ${data.to}`, data };
    }
    case "retrace/exception@1":
      return { category: "error", type: "error", level: "error", message: String(message) };
    default:
      return undefined;
  }
}

function clickedText({ tagName, id, text, accessibleName }: Target): string {
  const shown = text ?? accessibleName;
  return [tagName, id && `#${id}`, shown && `"${clip(shown, MAX_CLICKED_TEXT)}"`].filter(Boolean).join(" ");
}

function sentryLevel(level: unknown): string {
  return level === "warn" ? "warning" : level === "assert" ? "error" : String(level);
}

function withoutQuery(url: string): string {
  return (url.split(/[?#]/, 1)[0] ?? "").replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/@]*@/i, "$1//");
}
