// Watches what the page keeps in the browser: names, sizes and kinds of values, never the values.

import { valueClass } from "./entries";
import { all } from "./listen";
import { patch } from "./patch";
import { isSecretName } from "./redaction-rules";
import { safely } from "./safely";
import type { Watching } from "./watching";

const MAX_KEY = 200; // characters
/** What this package keeps itself. */
export const OWN_KEYS = /^retrace\b/;

/** Emits `retrace/storage@1` for each call that changes local or session storage; returns how to stop. */
export function watchStorage(page: Watching): () => void {
  if (typeof Storage === "undefined") return () => undefined;
  const report = safely((storage: Storage, op: "set" | "remove" | "clear", key = "", value?: string) => {
    const name = String(key);
    if (OWN_KEYS.test(name)) return;
    const area = storage === tryArea("localStorage") ? "local" : "session";
    const kept = value === undefined ? {} : { size: value.length, valueClass: isSecretName(name) ? "secret" : valueClass("", value) };
    page.log.emit("retrace/storage@1", { area, op, ...(op === "clear" ? {} : { key: name.slice(0, MAX_KEY) }), ...kept });
  });
  const { prototype } = Storage;
  return all([
    patch(prototype, "setItem", (original) => function setItem(this: Storage, key: string, value: string) {
      // The page's error, of a full storage say, is the page's: then nothing was set.
      original.call(this, key, value);
      report(this, "set", key, String(value));
    }),
    patch(prototype, "removeItem", (original) => function removeItem(this: Storage, key: string) {
      original.call(this, key);
      report(this, "remove", key);
    }),
    patch(prototype, "clear", (original) => function clear(this: Storage) {
      original.call(this);
      report(this, "clear");
    }),
  ]);
}

/** A storage of the page, or undefined where it may not be used. */
export function tryArea(name: "localStorage" | "sessionStorage"): Storage | undefined {
  return safely(() => window[name])();
}
