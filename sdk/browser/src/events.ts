// The shape of what is recorded: rrweb's events, and ours in rrweb's plugin envelope.

export interface RecordedEvent {
  type: number;
  timestamp: number;
  data: unknown;
}

/** rrweb's type numbers that this package has to know. */
export const EventType = { FullSnapshot: 2, Meta: 4, Plugin: 6 } as const;

export type EventName =
  | "click"
  | "console"
  | "dialog"
  | "effect"
  | "exception"
  | "gap"
  | "hover"
  | "input"
  | "key"
  | "nav"
  | "network"
  | "state"
  | "storage";

export type PluginName = `retrace/${EventName}@1`;

export function pluginEvent(plugin: PluginName, payload: object, timestamp: number): RecordedEvent {
  return { type: EventType.Plugin, timestamp, data: { plugin, payload } };
}
