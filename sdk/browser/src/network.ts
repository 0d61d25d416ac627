// Watches the page's requests, through fetch and XMLHttpRequest. Bodies and headers are never read.

import { clip, errorText } from "./describe";
import type { Emit } from "./events";
import { patch } from "./patch";
import type { Redactor } from "./redaction";
import { safely } from "./safely";

const MAX_URL = 2_000; // characters
const MAX_ERROR = 500; // characters

type Result = { status: number } | { error: string };
type Finish = (result: Result) => void;

/** Emits `retrace/network@1` when a request ends, except posts to `ownUrl`; returns how to stop. */
export function watchNetwork(emit: Emit, redactor: Redactor, ownUrl: string): () => void {
  const own = absolute(ownUrl);
  const begin = (kind: "fetch" | "xhr", method: string, requested: string): Finish => {
    const url = absolute(requested);
    const startedAt = Date.now();
    const started = performance.now();
    return (result) => {
      if (url === own) return;
      const durationMs = Math.round(performance.now() - started);
      emit("retrace/network@1", {
        kind,
        method: method.toUpperCase(),
        url: clip(redactor.url(url), MAX_URL),
        ...("error" in result ? { error: clip(redactor.text(result.error), MAX_ERROR) } : result),
        startedAt,
        durationMs,
      });
    };
  };
  const stops = [watchFetch(begin), watchXhr(begin)];
  return () => stops.forEach((stop) => stop());
}

type Begin = (kind: "fetch" | "xhr", method: string, url: string) => Finish;

function watchFetch(begin: Begin): () => void {
  if (typeof window.fetch !== "function") return () => undefined;
  const start = safely((input: RequestInfo | URL, init: RequestInit | undefined) => {
    const request = input instanceof Request ? input : undefined;
    const method = init?.method ?? request?.method ?? "GET";
    return safely(begin("fetch", method, request ? request.url : String(input)));
  });
  return patch(
    window,
    "fetch",
    (original) =>
      function watched(this: unknown, input: RequestInfo | URL, init?: RequestInit) {
        const finish = start(input, init);
        // The chained promise is what the page gets: an error it does not handle must stay unhandled.
        return original.call(this as Window, input, init).then(
          (response) => {
            finish?.({ status: response.status });
            return response;
          },
          (error: unknown) => {
            finish?.({ error: failureText(error) });
            throw error;
          },
        );
      },
  );
}

interface XhrRequest {
  method: string;
  url: string;
  finish?: Finish;
}

function watchXhr(begin: Begin): () => void {
  const requests = new WeakMap<XMLHttpRequest, XhrRequest>();
  const note = safely((xhr: XMLHttpRequest, method: string, url: string | URL) => {
    const known = requests.has(xhr);
    requests.set(xhr, { method: String(method), url: String(url) });
    // Here and not in `send`: pages add their own listeners between the two, and ours should hear first.
    if (!known) listen(xhr, () => requests.get(xhr)?.finish);
  });
  const start = safely((xhr: XMLHttpRequest) => {
    const request = requests.get(xhr);
    if (request) request.finish = begin("xhr", request.method, request.url);
  });
  const { prototype } = XMLHttpRequest;
  const stopOpen = patch(prototype, "open", (original) => {
    const call = original as (this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]) => void;
    return function open(this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]) {
      note(this, method, url);
      call.call(this, method, url, ...rest);
    };
  });
  const stopSend = patch(prototype, "send", (original) => {
    return function send(this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null) {
      start(this);
      original.call(this, body);
    };
  });
  return () => {
    stopOpen();
    stopSend();
  };
}

function listen(xhr: XMLHttpRequest, finish: () => Finish | undefined): void {
  let failure = "";
  const onFailure = (event: Event) => (failure = event.type);
  for (const type of ["error", "abort", "timeout"]) xhr.addEventListener(type, onFailure);
  const onEnd = safely(() => finish()?.(xhr.status > 0 ? { status: xhr.status } : { error: failure || "failed" }));
  xhr.addEventListener("loadend", onEnd);
}

function failureText(error: unknown): string {
  return error instanceof Error ? errorText(error) : String(error);
}

function absolute(url: string): string {
  try {
    return new URL(url, document.baseURI).href;
  } catch {
    return url;
  }
}
