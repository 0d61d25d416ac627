// Watches what the page logs.

import { clip, describe } from "./describe";
import { all } from "./listen";
import { patch } from "./patch";
import { safely } from "./safely";
import type { Watching } from "./watching";

const LEVELS = ["error", "warn", "info"] as const;
// What browsers print before the arguments of an assertion that failed.
const ASSERTION_FAILED = "Assertion failed";
const MAX_ARGUMENTS = 20;
const MAX_TEXT = 5_000; // characters an argument, after redaction

/** Emits `retrace/console@1` for console.error, warn, info and assertions that failed; returns how to stop. */
export function watchConsole({ log, redactor }: Watching): () => void {
  const report = safely((level: string, args: unknown[]) => {
    const payload = args.slice(0, MAX_ARGUMENTS).map((value) => clip(redactor.text(describe(value)), MAX_TEXT));
    log.emit("retrace/console@1", { level, payload });
  });
  const stops = LEVELS.map((level) =>
    patch(console, level, (original) => {
      return function watched(this: unknown, ...args: unknown[]) {
        report(level, args);
        original.apply(this, args);
      };
    }),
  );
  const stopAssert = patch(console, "assert", (original) => {
    return function watched(this: unknown, ...args: Parameters<typeof console.assert>) {
      if (!args[0]) report("assert", [ASSERTION_FAILED, ...args.slice(1)]);
      original.apply(this, args);
    };
  });
  return all([...stops, stopAssert]);
}
