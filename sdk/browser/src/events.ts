// The shape of what is recorded: rrweb's events, and ours in rrweb's plugin envelope.

export interface RecordedEvent {
  type: number;
  timestamp: number;
  data: unknown;
}

/** rrweb's type numbers that this package has to know. */
export const EventType = { FullSnapshot: 2, Meta: 4, Plugin: 6 } as const;

export type PluginName = "retrace/click@1" | "retrace/console@1" | "retrace/exception@1" | "retrace/network@1";

/** Hands one of our own events to the recording, stamped with the present time. */
export type Emit = (plugin: PluginName, payload: object) => void;

export function pluginEvent(plugin: PluginName, payload: object, timestamp: number): RecordedEvent {
  return { type: EventType.Plugin, timestamp, data: { plugin, payload } };
}
