// Watches what a click did: whether the page changed, lastingly, and what it asked of its server.

import { all, listen } from "./listen";
import type { Watching } from "./watching";

// The longest wait for an effect, and how long a change must hold to be one. Measured on real recordings: slower
// answers are rare, quicker reversals are buttons that show they are busy.
const WATCHED_MS = 2_500;
const LASTING_MS = 250;
const MOST_OPEN = 8; // clicks watched at a time
const MOST_CHANGES = 300; // remembered; beyond that the page changed, and which node matters no more

// What tells of a failure, or passes by itself, is no effect of its own.
const MESSAGE = '[role="alert"],[role="status"],[aria-live]:not([aria-live="off"])';
const MESSAGE_CLASS = /(?:^|[\s_-])(?:toast|snackbar|alert|error|invalid|notification)(?:$|[\s_-])/i;
const ACTS: ReadonlySet<string> = new Set(["retrace/click@1", "retrace/key@1", "retrace/input@1"]);
const WATCHED_ATTRIBUTES = ["class", "hidden", "href", "disabled", "open", "style", "aria-expanded", "aria-selected", "aria-checked", "checked"];

/** A change of one aspect of a node, that can be looked at again. */
export interface Change {
  at: number;
  node: object;
  /** Which attribute; "" for its presence, "#text" for its text. */
  aspect: string;
  /** Whether it is now other than before the change. */
  holds(): boolean;
}

interface Effect {
  act: string;
  at: number;
  from: string;
  mutations: number;
  firstPartyRequests: number;
  firstEffectAt: number | undefined;
  dialog: boolean;
  /** When the person did something else, whose effect all that follows is; and whether the address was another then. */
  until: number;
  urlChanged: boolean;
  timer: ReturnType<typeof setTimeout>;
}

/** When the first change came that still held at `now`, 250 ms or more after it. */
export function firstLasting(changes: readonly Change[], from: number, now: number): number | undefined {
  const seen = new Map<object, Set<string>>();
  const recent = changes.filter((change) => change.at >= from);
  return recent.find(({ at, node, aspect, holds }) => {
    // Only the first change of a thing knows how it was before: there and back again is no change.
    const aspects = seen.get(node) ?? new Set();
    const isFirst = !aspects.has(aspect);
    seen.set(node, aspects.add(aspect));
    return isFirst && now - at >= LASTING_MS && holds();
  })?.at;
}

/** Emits `retrace/effect@1` for each click, 2.5 s after it or when the page is left; returns how to stop. */
export function watchEffects(page: Watching): () => void {
  const open: Effect[] = [];
  let changes: Change[] = [];
  const running = () => open.filter(({ until }) => until === Infinity);

  const observer = new MutationObserver((records) => {
    const at = Date.now();
    for (const effect of running()) effect.mutations += records.length;
    for (const record of records) {
      if (changes.length >= MOST_CHANGES) break;
      changes.push(...changesOf(record, at));
    }
  });

  const close = (effect: Effect) => {
    clearTimeout(effect.timer);
    open.splice(open.indexOf(effect), 1);
    const own = changes.filter(({ at }) => at <= effect.until);
    const changedAt = firstLasting(own, effect.at, Date.now());
    const urlChanged = effect.urlChanged || (effect.until === Infinity && location.href !== effect.from);
    const first = Math.min(changedAt ?? Infinity, effect.firstEffectAt ?? Infinity);
    page.log.emit("retrace/effect@1", {
      act: effect.act,
      mutations: effect.mutations,
      lasting: changedAt !== undefined,
      urlChanged,
      firstPartyRequests: effect.firstPartyRequests,
      ...(effect.dialog ? { dialog: true } : {}),
      ...(Number.isFinite(first) ? { firstEffectMs: first - effect.at } : {}),
    });
    if (open.length > 0) return;
    observer.disconnect();
    changes = [];
  };

  const begin = (act: string) => {
    if (open.length === 0) observer.observe(document, OBSERVED);
    const oldest = open.length >= MOST_OPEN ? open[0] : undefined;
    if (oldest) close(oldest);
    const effect: Effect = {
      act,
      at: Date.now(),
      from: location.href,
      mutations: 0,
      firstPartyRequests: 0,
      firstEffectAt: undefined,
      dialog: false,
      until: Infinity,
      urlChanged: false,
      timer: setTimeout(() => close(effect), WATCHED_MS),
    };
    open.push(effect);
  };

  const end = () => {
    for (const effect of running()) {
      effect.until = Date.now();
      effect.urlChanged = location.href !== effect.from;
    }
  };

  const stopHearing = page.log.listen((plugin, payload) => {
    if (ACTS.has(plugin)) end();
    if (plugin === "retrace/click@1") return begin(String(payload["id"]));
    if (plugin === "retrace/nav@1" || plugin === "retrace/dialog@1") {
      for (const effect of running()) {
        effect.firstEffectAt ??= Date.now();
        effect.dialog ||= plugin === "retrace/dialog@1";
      }
    }
    if (plugin === "retrace/network@1" && payload["firstParty"]) {
      const startedAt = Number(payload["startedAt"]);
      for (const effect of open) if (startedAt >= effect.at && startedAt <= effect.until) effect.firstPartyRequests += 1;
    }
  });

  const closeAll = () => [...open].forEach(close);
  return all([closeAll, stopHearing, listen(window, ["pagehide"], closeAll)]);
}

const OBSERVED = {
  subtree: true,
  childList: true,
  characterData: true,
  characterDataOldValue: true,
  attributes: true,
  attributeOldValue: true,
  attributeFilter: WATCHED_ATTRIBUTES,
};

function changesOf(record: MutationRecord, at: number): Change[] {
  const { target, attributeName, oldValue } = record;
  const element = target.nodeType === Node.ELEMENT_NODE ? (target as Element) : target.parentElement;
  if (!element || isMessage(element)) return [];
  if (record.type === "attributes") {
    // How a field looks while it is typed into says nothing of an outcome.
    if (/^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) return [];
    const aspect = attributeName ?? "";
    return [{ at, node: element, aspect, holds: () => element.isConnected && element.getAttribute(aspect) !== oldValue }];
  }
  if (record.type === "characterData") {
    return [{ at, node: target, aspect: "#text", holds: () => target.isConnected && target.nodeValue !== oldValue }];
  }
  const isPage = (node: Node) => !(node instanceof Element && isMessage(node));
  return [
    ...Array.from(record.addedNodes).filter(isPage).map((node) => ({ at, node, aspect: "", holds: () => node.isConnected })),
    ...Array.from(record.removedNodes).filter(isPage).map((node) => ({ at, node, aspect: "", holds: () => !node.isConnected })),
  ];
}

function isMessage(element: Element): boolean {
  return element.closest(MESSAGE) !== null || MESSAGE_CLASS.test(element.getAttribute("class") ?? "");
}
