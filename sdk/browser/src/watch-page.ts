// All watchers of a page, in the order in which they must hear of things.

import type { Breadcrumbs } from "./breadcrumbs";
import { watchClicks } from "./clicks";
import { watchConsole } from "./console";
import { watchDialogs } from "./dialogs";
import { watchEffects } from "./effects";
import { type Exceptions, watchExceptions } from "./exceptions";
import { watchHovers } from "./hovers";
import { watchInputs } from "./inputs";
import { watchKeys } from "./keys";
import { all } from "./listen";
import { watchNavigation } from "./navigation";
import { watchNetwork } from "./network";
import type { Settings } from "./options";
import { type Context, watchState } from "./page-state";
import { safely } from "./safely";
import { watchStorage } from "./storage";
import { Trace } from "./trace";
import type { Watching } from "./watching";

export interface WatchedPage {
  capture(error: unknown): void;
  stop(): void;
}

/** Watches everything of a page that is recorded beside its DOM. */
export function watchPage(page: Watching, settings: Settings, crumbs: Breadcrumbs, context: () => Context): WatchedPage {
  const { log } = page;
  const trace = new Trace();
  let exceptions: Exceptions | undefined;
  const watches: (() => () => void)[] = [
    () => log.listen((plugin) => void (plugin === "retrace/nav@1" && trace.renew())),
    () => watchNavigation(page),
    () => watchState(page, context, settings.storageValues, settings.release),
    // Before keys and clicks, which end what is entered.
    () => watchInputs(page),
    () => watchKeys(page),
    () => watchEffects(page),
    () => watchClicks(page),
    () => watchHovers(page),
    () => watchDialogs(page),
    () => watchStorage(page),
    () => watchNetwork(page, trace, settings),
    () => watchConsole(page),
    () => {
      exceptions = watchExceptions(page, { breadcrumbs: () => crumbs.list(), traceId: () => trace.id });
      return exceptions.stop;
    },
  ];
  // What a browser or the page does not allow costs only the one watcher.
  const stops = watches.flatMap((watch) => safely(watch)() ?? []);
  return { capture: (error) => exceptions?.capture(error), stop: all(stops) };
}
