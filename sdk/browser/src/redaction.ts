// Secrets that must not leave the page: patterns over console text, messages and URLs. DOM text is masked by selector.

// The same tokens the server writes.
const MASK = "[redacted]";
const EMAIL_MASK = "[email]";

type Rule = readonly [pattern: RegExp, replacement: string];

// Every repetition is bounded or cannot overlap its neighbour: a hostile page must not be able to stall itself here.
const DEFAULT_RULES: readonly Rule[] = [
  [/[a-z0-9._+-]{1,64}(?:@|%40)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi, EMAIL_MASK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, MASK],
  [/\b(bearer)\s+[\w.~+/-]{8,}=*/gi, `$1 ${MASK}`],
  // "Basic" is also a word of prose: what follows must look encoded.
  [/\b([Bb]asic)\s+(?=[a-z+/]{0,200}[A-Z0-9=])[A-Za-z0-9+/]{8,}={0,2}/g, `$1 ${MASK}`],
  [
    /\b(\w{0,40}(?:token|secret|passw(?:or)?d|api[_-]?key))(["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"'&,;{}\[\]]+/gi,
    `$1$2${MASK}`,
  ],
];

const SECRET_PARAMETER =
  /token|secret|passw|pwd|api[_-]?key|auth|session|signature|credential|jwt|otp|^(?:key|code|sig|sid)$/i;

export interface Redactor {
  text(text: string): string;
  url(url: string): string;
}

/** A redactor with the default patterns and `extra`; strings are compiled, an invalid one is left out. */
export function createRedactor(extra: readonly (string | RegExp)[] = []): Redactor {
  const rules = [...DEFAULT_RULES, ...extra.flatMap(customRule)];
  const text = (value: string) =>
    rules.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), value);
  return { text, url: (value) => text(maskParameters(maskCredentials(value))) };
}

function customRule(pattern: string | RegExp): Rule[] {
  try {
    const flags = typeof pattern === "string" ? "gi" : [...new Set(`${pattern.flags}g`)].join("").replace("y", "");
    return [[new RegExp(pattern, flags), MASK]];
  } catch {
    return [];
  }
}

function maskCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#@]*@/i, (_, scheme: string | undefined) => `${scheme ?? ""}//`);
}

function maskParameters(url: string): string {
  return url.replace(/([?&#;])([^=&#;?]{1,100})=([^&#;]+)/g, (whole, lead: string, name: string) =>
    SECRET_PARAMETER.test(name) ? `${lead}${name}=${MASK}` : whole,
  );
}
