// W3C trace context (https://www.w3.org/TR/trace-context/): ties a request to what the server logged of it.

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/;

/** The trace of a page load, or of a stay at one address of an app that changes it itself. */
export class Trace {
  private current = randomHex(16);

  get id(): string {
    return this.current;
  }

  renew(): void {
    this.current = randomHex(16);
  }

  /** A header for one request, with a span id of its own. */
  parent(): string {
    return `00-${this.current}-${randomHex(8)}-01`;
  }
}

export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return TRACEPARENT.exec(traceparent ?? "")?.[1];
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
