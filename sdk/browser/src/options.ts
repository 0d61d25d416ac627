// What a page may set, and the defaults.

import { DEFAULT_MAX_BATCH_EVENTS } from "./batch";
import { createPrivacy, type Privacy, type PrivacyOptions } from "./privacy";

export interface Options {
  /** The environment's SDK key, `rtpk_…`. */
  apiKey: string;
  ingestUrl?: string;
  /** Version of your app, so that a bug can be tied to a deploy. */
  release?: string;
  /** Where the app runs, as you name it: "production", "staging". */
  environment?: string;
  /** Who is visiting, as your app names them. */
  distinctId?: string;
  metadata?: Record<string, unknown>;
  /** Share of visits to record, 0 to 1; decided once a visit. Default 1. */
  sampleRate?: number;
  /** Events that close a batch. Default 50. */
  batchSize?: number;
  /** The longest an event waits before it is sent. Default 5000. */
  flushIntervalMs?: number;
  /** Record from `init` on. Default true; otherwise call `start()`. */
  autoStart?: boolean;
  privacy?: PrivacyOptions;
  /** How many breadcrumbs go with an error, 1 to 500. Default 50. */
  maxBreadcrumbs?: number;
  /** Beside the page's own origin: addresses (by their beginning) whose requests carry a `traceparent` header. */
  tracePropagationTargets?: readonly (string | RegExp)[];
  /** Requests to these addresses (by their beginning) are not recorded. */
  ignoreUrls?: readonly (string | RegExp)[];
  /** Keys of local or session storage whose values may be recorded, redacted. Others tell only their size. */
  storageValues?: readonly string[];
}

export interface Settings {
  apiKey: string;
  ingestUrl: string;
  release: string;
  environment: string;
  sampleRate: number;
  batchSize: number;
  flushIntervalMs: number;
  privacy: Privacy;
  redactionPatterns: readonly (string | RegExp)[];
  maxBreadcrumbs: number;
  tracePropagationTargets: readonly (string | RegExp)[];
  ignoreUrls: readonly (string | RegExp)[];
  storageValues: readonly string[];
}

const DEFAULT_INGEST_URL = "http://127.0.0.1:8788/api/sdk/replay";
const DEFAULT_FLUSH_INTERVAL_MS = 5_000;
const DEFAULT_BREADCRUMBS = 50;
const MOST_BREADCRUMBS = 500;

/** The options with their defaults; a number that makes no sense counts as not given. Throws on a bad selector. */
export function resolveOptions(options: Options): Settings {
  return {
    apiKey: options.apiKey,
    ingestUrl: options.ingestUrl || DEFAULT_INGEST_URL,
    release: options.release ?? "",
    environment: options.environment ?? "",
    sampleRate: finite(options.sampleRate, 0) ?? 1,
    batchSize: finite(options.batchSize, 1) ?? DEFAULT_MAX_BATCH_EVENTS,
    flushIntervalMs: finite(options.flushIntervalMs, 1) ?? DEFAULT_FLUSH_INTERVAL_MS,
    privacy: createPrivacy(options.privacy ?? {}),
    redactionPatterns: options.privacy?.redactionPatterns ?? [],
    maxBreadcrumbs: breadcrumbLimit(options.maxBreadcrumbs),
    tracePropagationTargets: options.tracePropagationTargets ?? [],
    ignoreUrls: options.ignoreUrls ?? [],
    storageValues: options.storageValues ?? [],
  };
}

/** 1 to 500; what is no number counts as not given. */
export function breadcrumbLimit(given: number | undefined): number {
  const wanted = finite(given, -Infinity) ?? DEFAULT_BREADCRUMBS;
  return Math.min(Math.max(Math.trunc(wanted), 1), MOST_BREADCRUMBS);
}

function finite(value: number | undefined, least: number): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= least ? value : undefined;
}
