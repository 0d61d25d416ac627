// The client where nothing is recorded: without a key, with unusable options, on a server.

import type { Client } from "./client";

export const INERT: Client = {
  identify: () => undefined,
  setContext: () => undefined,
  start: () => undefined,
  stop: () => Promise.resolve(),
  flush: () => Promise.resolve(),
  addBreadcrumb: () => undefined,
  getBreadcrumbs: () => [],
  captureException: () => undefined,
};
