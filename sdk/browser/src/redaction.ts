// Takes secrets out of texts and addresses before they leave the page. Which element hides its text is in privacy.ts.

import { hasNumbers, isSecretName, isSuspicious, MASK, RULES } from "./redaction-rules";

// Beyond the names that are secret everywhere: in an address these carry credentials too.
const SECRET_PARAMETER = /token|secret|passw|pwd|api[_-]?key|auth|session|signature|credential|jwt|otp|^(?:key|code|sig|sid)$/i;

// Pictures and fonts in the text itself: long, and nothing a rule could find.
const BINARY_DATA = /^data:[\w/+.-]{3,60};base64,/;

// A path segment of letters in both cases and digits, or of many hexadecimal digits, opens something: a password
// reset, an invitation. Words, numbers, UUIDs and file names do not.
const SEGMENT = /(\/)([\w-]{20,})(?=[/?#]|$)/g;
const LONG_HEX = /^[\da-f]{32,}$/i;
const RANDOM = [/[a-z]/, /[A-Z]/, /\d/];

export interface Redactor {
  text(text: string): string;
  /** Also masks secret parameters, credentials, and parts of the path that look like tokens. */
  url(url: string): string;
}

/** A redactor with the default rules and `extra` patterns; strings are compiled, an invalid one is left out. */
export function createRedactor(extra: readonly (string | RegExp)[] = []): Redactor {
  const custom = extra.flatMap(customPattern);
  const text = (value: string) => custom.reduce((kept, pattern) => kept.replace(pattern, MASK), byRules(value));
  return { text, url: (value) => (isBinary(value) ? value : text(maskSegments(maskParameters(maskCredentials(value))))) };
}

export function isBinary(text: string): boolean {
  return text.startsWith("data:") && BINARY_DATA.test(text);
}

function byRules(text: string): string {
  if (text.length < 4 || !isSuspicious(text) || isBinary(text)) return text;
  const lower = text.toLowerCase();
  const numbers = hasNumbers(text);
  return RULES.reduce((kept, { hints, apply }) => {
    const concerned = hints.length > 0 ? hints.some((hint) => lower.includes(hint)) : numbers;
    return concerned ? apply(kept) : kept;
  }, text);
}

function customPattern(pattern: string | RegExp): RegExp[] {
  try {
    const flags = typeof pattern === "string" ? "gi" : [...new Set(`${pattern.flags}g`)].join("").replace("y", "");
    return [new RegExp(pattern, flags)];
  } catch {
    return [];
  }
}

function maskCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#@]*@/i, (_, scheme: string | undefined) => `${scheme ?? ""}//`);
}

function maskParameters(url: string): string {
  return url.replace(/([?&#;])([^=&#;?]{1,100})=([^&#;]+)/g, (whole, lead: string, name: string) =>
    SECRET_PARAMETER.test(name) || isSecretName(name) ? `${lead}${name}=${MASK}` : whole,
  );
}

function maskSegments(url: string): string {
  return url.replace(SEGMENT, (whole, slash: string, segment: string) => (looksRandom(segment) ? slash + MASK : whole));
}

function looksRandom(segment: string): boolean {
  return LONG_HEX.test(segment) || RANDOM.every((kind) => kind.test(segment));
}
