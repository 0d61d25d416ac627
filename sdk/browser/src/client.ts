// The recorder of a page: starts and stops the watchers, opens and closes windows. The package's public face.

import { name, version } from "../package.json";
import type { FlushType } from "./batch";
import { watchClicks } from "./clicks";
import { watchConsole } from "./console";
import { type Emit, pluginEvent } from "./events";
import { watchExceptions } from "./exceptions";
import { watchLeaving } from "./leaving";
import { watchNetwork } from "./network";
import { type Options, resolveOptions, type Settings } from "./options";
import { createRedactor, type Redactor } from "./redaction";
import { safely } from "./safely";
import { Transport } from "./transport";
import { keepVisit, resumeVisit, tabStorage } from "./visit";
import { WindowRecording } from "./window-recording";

export interface Client {
  /** Says who is visiting; sent with every batch from now on. */
  identify(distinctId: string, metadata?: Record<string, unknown>): void;
  start(): void;
  /** Ends the recording; resolves when what is left has arrived, or has to wait for a later try. */
  stop(): Promise<void>;
  /** Sends what was recorded so far; "final" also tells the server that the window is complete, as `stop` does. */
  flush(flushType?: FlushType): Promise<void>;
}

// Two recorders on a page would watch each other.
let active: PageClient | undefined;

/** Starts recording the page. Never throws: with unusable options it says so on the console and records nothing. */
export function init(options: Options): Client {
  if (!options?.apiKey) console.error("[retrace] apiKey is required; nothing is recorded");
  return (options?.apiKey ? createClient(options) : undefined) ?? INERT;
}

const createClient = safely((options: Options): Client => {
  const client = new PageClient(options);
  if (options.autoStart ?? true) client.start();
  return client;
});

const INERT: Client = {
  identify: () => undefined,
  start: () => undefined,
  stop: () => Promise.resolve(),
  flush: () => Promise.resolve(),
};

class PageClient implements Client {
  private readonly settings: Settings;
  private readonly redactor: Redactor;
  private readonly transport: Transport;
  private distinctId: string;
  private metadata: object;
  private window: WindowRecording | undefined;
  private stops: (() => void)[] = [];

  constructor(options: Options) {
    this.settings = resolveOptions(options);
    this.redactor = createRedactor(this.settings.privacy.redactionPatterns);
    this.transport = new Transport(this.settings.ingestUrl, this.settings.apiKey, window.fetch.bind(window));
    this.distinctId = options.distinctId ?? "";
    this.metadata = plainCopy(options.metadata);
  }

  readonly identify = safely((distinctId: string, metadata?: Record<string, unknown>) => {
    this.distinctId = String(distinctId);
    this.metadata = { ...this.metadata, ...plainCopy(metadata) };
  });

  readonly start = safely(() => {
    if (active === this) return;
    void active?.stop();
    active = this;
    this.openWindow();
    if (this.window) this.stops = this.watch();
  });

  async stop(): Promise<void> {
    if (active !== this) return;
    active = undefined;
    for (const stop of this.stops.splice(0)) safely(stop)();
    this.closeWindow();
    await this.transport.deliver();
  }

  async flush(flushType: FlushType = "normal"): Promise<void> {
    await (flushType === "final" ? this.stop() : safely(() => this.window?.flush())());
  }

  private readonly openWindow = safely(() => {
    const visit = resumeVisit(tabStorage(), Date.now(), this.settings.sampleRate);
    keepVisit(tabStorage(), visit);
    if (!visit.sampled || active !== this) return;
    const { settings, redactor, transport } = this;
    this.window = new WindowRecording(visit, settings, redactor, transport, () => this.fields(), this.openWindow);
  });

  private readonly closeWindow = safely(() => {
    this.window?.close();
    this.window = undefined;
  });

  private watch(): (() => void)[] {
    const { redactor, settings } = this;
    const emit: Emit = (plugin, payload) => this.window?.keep(pluginEvent(plugin, payload, Date.now()));
    const nodeId = (node: Node) => this.window?.nodeId(node) ?? -1;
    return [
      watchConsole(emit, redactor),
      watchExceptions(emit, redactor),
      watchNetwork(emit, redactor, settings.ingestUrl),
      watchClicks(emit, nodeId, settings.privacy, redactor),
      watchLeaving({
        hidden: () => void this.window?.flush(),
        left: () => {
          this.closeWindow();
          this.transport.handOver();
        },
        returned: this.openWindow,
      }),
    ];
  }

  private fields(): object {
    return {
      sdk: { name, version },
      release: this.settings.release,
      distinctId: this.distinctId,
      metadata: {
        ...this.metadata,
        url: this.redactor.url(location.href),
        userAgent: navigator.userAgent,
        viewport: { width: window.innerWidth, height: window.innerHeight },
      },
    };
  }
}

/** What of the page's own object survives as JSON, so that no later batch can fail on it. */
function plainCopy(value: object | undefined): object {
  return safely(() => JSON.parse(JSON.stringify(value ?? {})) as object)() ?? {};
}
