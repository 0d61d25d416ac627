// Records a page with rrweb alone, as a head script does: no events of our own. `window.keepsConsole` adds the console
// and uncaught errors in the shape of rrweb's console plugin (`rrweb/console@1`).

(() => {
  if (window.top !== window) return;
  const shown = (value) => JSON.stringify(value instanceof Error ? `${value.stack ?? value}\nEnd of stack for Error object` : value) ?? "undefined";
  const frames = (stack) =>
    [...(stack ?? "").matchAll(/^\s+at (.+)$/gm)].map(([, frame]) => frame);

  const consolePlugin = {
    name: "rrweb/console@1",
    observer(keep) {
      for (const level of ["assert", "debug", "error", "info", "log", "table", "trace", "warn"]) {
        const printed = console[level];
        console[level] = (...given) => {
          printed.apply(console, given);
          if (level === "assert" && given[0]) return;
          keep({ level, trace: frames(new Error().stack).slice(1), payload: (level === "assert" ? given.slice(1) : given).map(shown) });
        };
      }
      addEventListener("error", (event) => {
        if (event.message) keep({ level: "error", trace: frames(event.error?.stack), payload: [shown(event.message)] });
      });
      addEventListener("unhandledrejection", ({ reason }) => {
        const payload = reason instanceof Error ? [shown(`Uncaught (in promise) ${reason.name}: ${reason.message}`)] : [shown("Uncaught (in promise)"), shown(reason)];
        keep({ level: "error", trace: frames(reason?.stack), payload });
      });
      return () => {};
    },
    options: {},
  };

  const begin = () => {
    const record = window.rrwebRecord.record ?? window.rrwebRecord.default ?? window.rrwebRecord;
    record({
      emit: (event) => window.keepEvent(JSON.stringify(event)),
      maskAllInputs: true,
      sampling: { mousemove: 50, scroll: 150 },
      plugins: window.keepsConsole ? [consolePlugin] : [],
    });
  };
  // The document is parsed then, and the page's modules have not run.
  document.addEventListener("readystatechange", () => document.readyState === "interactive" && begin(), { once: true });
})();
