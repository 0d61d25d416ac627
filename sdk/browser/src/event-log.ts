// Numbers our own events, ties them to the document and to the act of the person that caused them, and tells whoever
// listens on the page. Keeping and sending is the window's business.

import { type PluginName, pluginEvent, type RecordedEvent } from "./events";

// What follows an act of the person this late is hardly its consequence.
const CAUSE_MS = 5_000;

type Payload = Readonly<Record<string, unknown>>;
export type EventListener = (plugin: PluginName, payload: Payload) => void;
type Keep = (event: RecordedEvent) => void;

export class EventLog {
  private keep: Keep | undefined;
  private count = 0;
  private documents = 0;
  private lastAct: { id: string; at: number } | undefined;
  private held: { plugin: PluginName; id: string; payload: () => Payload } | undefined;
  private listeners: EventListener[] = [];
  private finishers: (() => void)[] = [];
  private openers: (() => void)[] = [];

  /** A new window: everything is counted from the start. */
  open(keep: Keep): void {
    this.keep = keep;
    this.count = 0;
    this.documents = 0;
    this.lastAct = undefined;
    this.held = undefined;
    for (const opened of this.openers) opened();
  }

  /** Calls `opened` for each further window; returns how to stop, as the two below do. */
  onOpen(opened: () => void): () => void {
    this.openers = [...this.openers, opened];
    return () => (this.openers = this.openers.filter((known) => known !== opened));
  }

  /** Calls `listener` for every event from now on, after it was kept. */
  listen(listener: EventListener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => (this.listeners = this.listeners.filter((known) => known !== listener));
  }

  /** Calls `finish` before each act, and when the page is left: what is still gathered becomes an event by then. */
  finishBeforeActs(finish: () => void): () => void {
    this.finishers = [...this.finishers, finish];
    return () => (this.finishers = this.finishers.filter((known) => known !== finish));
  }

  /** Records an event; returns its id. */
  emit(plugin: PluginName, payload: Payload): string {
    this.settle();
    return this.record(plugin, this.nextId(), payload);
  }

  /** Records what a person did: until the next act, or 5 s, it is the cause of what follows. */
  act(plugin: PluginName, payload: Payload): string {
    this.finish();
    const id = this.record(plugin, this.nextId(), payload);
    this.lastAct = { id, at: Date.now() };
    return id;
  }

  /** An act whose outcome shows only after the page's handlers ran; recorded with the next event at the latest. */
  hold(plugin: PluginName, payload: () => Payload): void {
    this.finish();
    const id = this.nextId();
    this.held = { plugin, id, payload };
  }

  /** Records what is held. To be called before anything else is recorded. */
  settle(): void {
    const held = this.held;
    if (!held) return;
    this.held = undefined;
    this.record(held.plugin, held.id, held.payload());
    this.lastAct = { id: held.id, at: Date.now() };
  }

  /** Records all that is held or still gathered. */
  finish(): void {
    this.settle();
    for (const finish of this.finishers) finish();
  }

  /** Counts the whole pictures of the page: node ids mean something only within one. */
  sawSnapshot(): void {
    this.documents += 1;
  }

  /** Id of the act that what happens now follows from. */
  get cause(): string | undefined {
    return this.lastAct && Date.now() - this.lastAct.at <= CAUSE_MS ? this.lastAct.id : undefined;
  }

  /** Milliseconds since the person did something. */
  get sinceAct(): number {
    return this.lastAct ? Date.now() - this.lastAct.at : Infinity;
  }

  private nextId(): string {
    this.count += 1;
    return `e${this.count}`;
  }

  private record(plugin: PluginName, id: string, payload: Payload): string {
    const { cause } = this;
    const full = { id, doc: this.documents, url: location.href, ...(cause ? { cause } : {}), ...payload };
    this.keep?.(pluginEvent(plugin, full, Date.now()));
    for (const listener of this.listeners) listener(plugin, full);
    return id;
  }
}
