// Watches requests made with fetch.

import { type Begin, type Begun, failureText } from "./network";
import { patch } from "./patch";
import { safely } from "./safely";

type Arguments = readonly [input: RequestInfo | URL, init: RequestInit | undefined];

interface Started {
  request: Begun;
  /** What to fetch with instead, if a header is to be added. */
  args: Arguments;
}

export function watchFetch(begin: Begin): () => void {
  if (typeof window.fetch !== "function") return () => undefined;
  const start = safely((input: RequestInfo | URL, init: RequestInit | undefined): Started => {
    const given = input instanceof Request ? input : undefined;
    const request = begin("fetch", init?.method ?? given?.method ?? "GET", given ? given.url : String(input));
    return { request, args: withTrace(request, given, input, init) };
  });
  return patch(
    window,
    "fetch",
    (original) =>
      function watched(this: unknown, input: RequestInfo | URL, init?: RequestInit) {
        const started = start(input, init);
        const args = started?.args ?? ([input, init] as const);
        // The chained promise is what the page gets: an error it does not handle must stay unhandled.
        return original.call(this as Window, ...args).then(
          (response) => {
            started?.request.finish({ status: response.status, responseTraceparent: response.headers.get("traceparent") });
            return response;
          },
          (error: unknown) => {
            started?.request.finish({ error: failureText(error) });
            throw error;
          },
        );
      },
  );
}

/** The arguments with our header, unless the app set one, or the request may carry none. */
function withTrace(request: Begun, given: Request | undefined, input: RequestInfo | URL, init: RequestInit | undefined): Arguments {
  if (!request.traceparent || (init?.mode ?? given?.mode) === "no-cors") return [input, init];
  const headers = new Headers(init?.headers ?? given?.headers);
  const set = headers.get("traceparent");
  if (set) {
    request.sent(set);
    return [input, init];
  }
  headers.set("traceparent", request.traceparent);
  return [input, { ...init, headers }];
}
