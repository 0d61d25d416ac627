// Watches requests made with XMLHttpRequest.

import type { Begin, Begun } from "./network";
import { all } from "./listen";
import { patch } from "./patch";
import { safely } from "./safely";

interface XhrRequest {
  method: string;
  url: string;
  begun?: Begun;
  /** The trace header the app set itself. */
  traceparent?: string;
}

export function watchXhr(begin: Begin): () => void {
  const requests = new WeakMap<XMLHttpRequest, XhrRequest>();
  const note = safely((xhr: XMLHttpRequest, method: string, url: string | URL) => {
    const known = requests.has(xhr);
    requests.set(xhr, { method: String(method), url: String(url) });
    // Here and not in `send`: pages add their own listeners between the two, and ours should hear first.
    if (!known) hearEnd(xhr, () => requests.get(xhr)?.begun);
  });
  const noteHeader = safely((xhr: XMLHttpRequest, name: string, value: string) => {
    const request = requests.get(xhr);
    if (request && String(name).toLowerCase() === "traceparent") request.traceparent = String(value);
  });
  const start = safely((xhr: XMLHttpRequest, setHeader: XMLHttpRequest["setRequestHeader"]) => {
    const request = requests.get(xhr);
    if (!request) return;
    request.begun = begin("xhr", request.method, request.url);
    if (request.traceparent) request.begun.sent(request.traceparent);
    else if (request.begun.traceparent) setHeader.call(xhr, "traceparent", request.begun.traceparent);
  });
  const { prototype } = XMLHttpRequest;
  const setHeader = prototype.setRequestHeader;
  return all([
    patch(prototype, "open", (original) => {
      const call = original as (this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]) => void;
      return function open(this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]) {
        note(this, method, url);
        call.call(this, method, url, ...rest);
      };
    }),
    patch(prototype, "setRequestHeader", (original) => {
      return function setRequestHeader(this: XMLHttpRequest, name: string, value: string) {
        original.call(this, name, value);
        noteHeader(this, name, value);
      };
    }),
    patch(prototype, "send", (original) => {
      return function send(this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null) {
        start(this, setHeader);
        original.call(this, body);
      };
    }),
  ]);
}

function hearEnd(xhr: XMLHttpRequest, begun: () => Begun | undefined): void {
  let failure = "";
  const onFailure = (event: Event) => (failure = event.type);
  for (const type of ["error", "abort", "timeout"]) xhr.addEventListener(type, onFailure);
  const onEnd = safely(() => {
    const outcome = xhr.status > 0 ? { status: xhr.status } : { error: failure || "failed" };
    begun()?.finish({ ...outcome, responseTraceparent: exposedTraceparent(xhr) });
  });
  xhr.addEventListener("loadend", onEnd);
}

/** From the list of all: asking for a header that is not exposed makes the browser complain on the console. */
function exposedTraceparent(xhr: XMLHttpRequest): string | null {
  return /^traceparent:\s*(\S+)/im.exec(xhr.getAllResponseHeaders())?.[1] ?? null;
}
