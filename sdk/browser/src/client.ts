// The recorder of a page, as an app sees it: the package's public face.

import { name, version } from "../package.json";
import type { FlushType } from "./batch";
import { type Breadcrumb, Breadcrumbs, type GivenBreadcrumb } from "./breadcrumbs";
import { EventLog } from "./event-log";
import type { RecordedEvent } from "./events";
import { Folding } from "./folding";
import { INERT } from "./inert";
import { type Options, resolveOptions, type Settings } from "./options";
import type { Context } from "./page-state";
import { pseudonym } from "./pseudonym";
import { recordedId, recordedNode, startRecording } from "./recording";
import { createEventRedactor } from "./redact-events";
import { createRedactor, type Redactor } from "./redaction";
import { safely } from "./safely";
import { type WatchedPage, watchPage } from "./watch-page";
import { Windows } from "./windows";

export interface Client {
  /** Says who is visiting; sent with every batch from now on. */
  identify(distinctId: string, metadata?: Record<string, unknown>): void;
  /** Says what only the app knows of its state; recorded at the start and with failures. */
  setContext(context: Context): void;
  start(): void;
  /** Ends the recording; resolves when what is left has arrived, or has to wait for a later try. */
  stop(): Promise<void>;
  /** Sends what was recorded so far; "final" also tells the server that the window is complete, as `stop` does. */
  flush(flushType?: FlushType): Promise<void>;
  /** Leaves a breadcrumb, in the shape of Sentry's SDKs. */
  addBreadcrumb(breadcrumb: GivenBreadcrumb): void;
  /** The newest breadcrumbs, oldest first; copies. */
  getBreadcrumbs(): Breadcrumb[];
  /** Records an error that the app caught itself. */
  captureException(error: unknown): void;
}

// Two recorders on a page would watch each other.
let active: PageClient | undefined;

/** Starts recording the page. Never throws: with unusable options it says so on the console and records nothing. */
export function init(options: Options): Client {
  try {
    if (!options?.apiKey) throw new Error("apiKey is required");
    const client = new PageClient(options);
    if (options.autoStart ?? true) client.start();
    return client;
  } catch (error) {
    console.error(`[retrace] nothing is recorded: ${error instanceof Error ? error.message : String(error)}`);
    return INERT;
  }
}

class PageClient implements Client {
  private readonly settings: Settings;
  private readonly redactor: Redactor;
  private readonly redacted: <T extends object>(value: T) => T;
  private readonly windows: Windows;
  private readonly crumbs: Breadcrumbs;
  private readonly log = new EventLog();
  private watched: WatchedPage | undefined;
  private distinctId: string;
  private metadata: object;
  private context: Context = {};

  constructor(options: Options) {
    const settings = (this.settings = resolveOptions(options));
    this.redactor = createRedactor(settings.redactionPatterns);
    this.redacted = createEventRedactor(this.redactor, settings.privacy, recordedNode);
    this.crumbs = new Breadcrumbs(settings.maxBreadcrumbs);
    this.log.listen(this.crumbs.hear);
    this.distinctId = String(options.distinctId ?? "");
    this.metadata = plainCopy(options.metadata);
    const address = { url: settings.ingestUrl, apiKey: settings.apiKey, send: window.fetch.bind(window) };
    const folding = new Folding();
    this.windows = new Windows(settings, address, {
      serialise: (event: RecordedEvent) => JSON.stringify(folding.fold(this.redacted(event))),
      startRecording: (onEvent) => startRecording(settings.privacy, this.log, onEvent),
      fields: () => this.fields(),
      finish: () => this.log.finish(),
      watch: () => this.watch(),
    });
  }

  readonly identify = safely((distinctId: string, metadata?: Record<string, unknown>) => {
    this.distinctId = String(distinctId);
    this.metadata = { ...this.metadata, ...plainCopy(metadata) };
  });

  readonly setContext = safely((context: Context) => {
    this.context = { ...this.context, ...plainCopy(context) };
  });

  readonly addBreadcrumb = safely((breadcrumb: GivenBreadcrumb) => this.crumbs.add(breadcrumb));

  readonly captureException = safely((error: unknown) => this.watched?.capture(error));

  getBreadcrumbs(): Breadcrumb[] {
    return this.crumbs.list();
  }

  readonly start = safely(() => {
    if (active === this) return;
    void active?.stop();
    active = this;
    this.windows.start();
  });

  async stop(): Promise<void> {
    if (active !== this) return;
    active = undefined;
    // While the window is still open: what the watchers gathered becomes events.
    safely(() => this.log.finish())();
    this.watched?.stop();
    await this.windows.stop();
  }

  async flush(flushType: FlushType = "normal"): Promise<void> {
    await (flushType === "final" ? this.stop() : this.windows.flush());
  }

  private watch(): () => void {
    const { crumbs, log, redactor, settings } = this;
    const page = { log, redactor, privacy: settings.privacy, nodeId: recordedId };
    this.watched = watchPage(page, settings, crumbs, () => this.context);
    return this.watched.stop;
  }

  /** The fields of a batch, without secrets: they go out as they are. */
  private fields(): object {
    const { environment, release } = this.settings;
    const fields = {
      sdk: { name, version },
      release,
      ...(environment ? { environment } : {}),
      metadata: {
        ...this.metadata,
        ...this.context,
        url: location.href,
        userAgent: navigator.userAgent,
        viewport: { width: window.innerWidth, height: window.innerHeight },
      },
    };
    return { ...this.redacted(fields), distinctId: pseudonym(this.distinctId, this.redactor) };
  }
}

/** What of the page's own object survives as JSON, so that no later batch can fail on it. */
function plainCopy(value: object | undefined): object {
  return safely(() => JSON.parse(JSON.stringify(value ?? {})) as object)() ?? {};
}
