// What a page may set, and the defaults.

import { DEFAULT_MAX_BATCH_EVENTS } from "./batch";

export interface PrivacyOptions {
  /** Record what is typed as stars. Passwords always are. Default true. */
  maskAllInputs?: boolean;
  /** Text inside these elements is recorded as stars, and left out of click targets. */
  maskTextSelector?: string;
  /** These elements are recorded as an empty box of the same size. */
  blockSelector?: string;
  /** Inputs with this class are not recorded. Default "rr-ignore". */
  ignoreClass?: string;
  /** Added to the default patterns; strings are regular expressions, an invalid one is left out. */
  redactionPatterns?: readonly (string | RegExp)[];
}

export interface Options {
  /** The environment's SDK key, `rtpk_…`. */
  apiKey: string;
  ingestUrl?: string;
  /** Version of your app, so that a bug can be tied to a deploy. */
  release?: string;
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
}

export interface Settings {
  apiKey: string;
  ingestUrl: string;
  release: string;
  sampleRate: number;
  batchSize: number;
  flushIntervalMs: number;
  privacy: PrivacyOptions & { maskAllInputs: boolean };
}

const DEFAULT_INGEST_URL = "http://127.0.0.1:8788/api/sdk/replay";
const DEFAULT_FLUSH_INTERVAL_MS = 5_000;

/** The options with their defaults; a number that makes no sense counts as not given. */
export function resolveOptions(options: Options): Settings {
  return {
    apiKey: options.apiKey,
    ingestUrl: options.ingestUrl || DEFAULT_INGEST_URL,
    release: options.release ?? "",
    sampleRate: finite(options.sampleRate, 0) ?? 1,
    batchSize: finite(options.batchSize, 1) ?? DEFAULT_MAX_BATCH_EVENTS,
    flushIntervalMs: finite(options.flushIntervalMs, 1) ?? DEFAULT_FLUSH_INTERVAL_MS,
    privacy: { ...options.privacy, maskAllInputs: options.privacy?.maskAllInputs ?? true },
  };
}

function finite(value: number | undefined, least: number): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= least ? value : undefined;
}
