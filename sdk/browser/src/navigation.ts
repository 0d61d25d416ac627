// Watches the page's address: loads, and what an app does to it without loading.

import { all, listen } from "./listen";
import { patch } from "./patch";
import { safely } from "./safely";
import type { Watching } from "./watching";

export type NavKind = "load" | "reload" | "push" | "replace" | "hash" | "pop";

// An address that changes this soon after an act of the person changes because of it.
const INITIATED_MS = 1_000;

/** The kind of a change within the document; undefined if nothing changed that a person could see. */
export function changeKind(from: string, to: string, how: "push" | "replace" | "pop"): NavKind | undefined {
  if (from === to) return undefined;
  if (how === "pop") return "pop";
  return withoutHash(from) === withoutHash(to) ? "hash" : how;
}

function withoutHash(url: string): string {
  return url.split("#", 1)[0] ?? "";
}

type Changed = (how: "push" | "replace" | "pop", isHashLeftToOther?: boolean) => void;

interface NavigationApi extends EventTarget {
  readonly currentEntry: object | null;
}
type EntryChange = Event & { readonly navigationType: string | null };

/** Emits `retrace/nav@1` for the load of the page and each change of its address; returns how to stop. */
export function watchNavigation(page: Watching): () => void {
  let at = loadedUrl();
  const record = (kind: NavKind, from: string, to: string) => {
    // Back and forward are the browser's buttons, mostly.
    page.log.settle();
    const initiated = kind === "pop" || page.log.sinceAct <= INITIATED_MS;
    const payload = { kind, from, to, ...(initiated ? { userInitiated: true } : {}) };
    if (kind === "pop") page.log.act("retrace/nav@1", payload);
    else page.log.emit("retrace/nav@1", payload);
  };
  const changed: Changed = safely((how, isHashLeftToOther) => {
    const from = at;
    if (isHashLeftToOther && changeKind(from, location.href, "push") === "hash") return;
    at = location.href;
    const kind = changeKind(from, at, how);
    if (kind) record(kind, from, at);
  });
  record(loadKind(), document.referrer, at);
  // What the app did to its address before this script was there.
  changed("replace");
  const api = (window as { navigation?: NavigationApi }).navigation;
  return api?.currentEntry ? watchEntries(api, changed) : watchHistory(changed);
}

/** The Navigation API tells of every change within the document, whoever made it. */
function watchEntries(api: NavigationApi, changed: Changed): () => void {
  return listen<EntryChange>(api, ["currententrychange"], ({ navigationType }) => {
    changed(navigationType === "traverse" ? "pop" : navigationType === "push" ? "push" : "replace");
  });
}

function watchHistory(changed: Changed): () => void {
  const stops = (["pushState", "replaceState"] as const).map((name) =>
    patch(history, name, (original) => {
      return function watched(this: History, ...args: Parameters<History["pushState"]>) {
        original.apply(this, args);
        changed(name === "pushState" ? "push" : "replace");
      };
    }),
  );
  return all([
    ...stops,
    // A link to a fragment fires both, as does going back from it: without the API they cannot be told apart.
    listen(window, ["popstate"], () => changed("pop", true)),
    listen(window, ["hashchange"], () => changed("push")),
  ]);
}

function loadKind(): NavKind {
  return loading()?.type === "reload" ? "reload" : "load";
}

/** The address the page was loaded under. */
function loadedUrl(): string {
  const name = loading()?.name ?? "";
  return /^https?:/.test(name) ? name : location.href;
}

function loading(): PerformanceNavigationTiming | undefined {
  return performance.getEntriesByType?.("navigation")[0] as PerformanceNavigationTiming | undefined;
}
