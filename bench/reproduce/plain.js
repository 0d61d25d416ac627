// A recorder as many have it: rrweb and its console events, posted in our wire format; nothing of our own recorder.
// Waits for `rrweb` and `settings` ({ url, apiKey }) in scope.
(() => {
  const id = () => crypto.randomUUID();
  const sessionId = (sessionStorage.plainSession ??= id());
  const windowId = id();
  let events = [];
  let sequence = 0;
  const post = (flushType) => {
    const body = JSON.stringify({ sessionId, windowId, sequence: sequence++, flushType, sentAt: Date.now(), events });
    events = [];
    const headers = { "content-type": "application/json", "x-retrace-key": settings.apiKey };
    void send(settings.url, { method: "POST", headers, body, keepalive: body.length < 60_000 });
  };
  const send = window.fetch.bind(window);
  const plugin = {
    name: "rrweb/console@1",
    observer(emit) {
      const tell = (level, payload) => emit({ level, payload, trace: [] });
      for (const level of ["log", "warn", "error"]) {
        const own = console[level].bind(console);
        console[level] = (...told) => {
          own(...told);
          tell(level, told.map((value) => JSON.stringify(value instanceof Error ? String(value) : value) ?? "undefined"));
        };
      }
      window.addEventListener("error", (event) => tell("error", [JSON.stringify(`Uncaught ${event.error ?? event.message}`)]));
      window.addEventListener("unhandledrejection", (event) =>
        tell("error", [JSON.stringify(`Uncaught (in promise) ${event.reason}`)]));
      return () => undefined;
    },
    options: {},
  };
  rrweb.record({ emit: (event) => events.push(event), plugins: [plugin], maskAllInputs: true });
  setInterval(() => events.length && post("normal"), 1_000);
  addEventListener("pagehide", () => post("final"));
})();
