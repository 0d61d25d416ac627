// Turns anything a page may log into short text, without running the page's `toJSON` or walking a whole store.

const MAX_TEXT = 5_000; // characters an argument; more is a dump, not a message
const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;

/** `value` as text: strings as they are, errors as `Name: message`, elements as `<tag>`, the rest like JSON. */
export function describe(value: unknown): string {
  return clip(typeof value === "string" ? value : render(value, 0), MAX_TEXT);
}

/** The first `limit` characters, marked where something was cut. */
export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function render(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(clip(value, MAX_TEXT));
  if (typeof value === "function") return `[function ${value.name}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return errorText(value);
  if (typeof Element !== "undefined" && value instanceof Element) return `<${value.tagName.toLowerCase()}>`;
  if (value instanceof Date) return String(value.getTime()) === "NaN" ? "Invalid Date" : value.toISOString();
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? "[…]" : "{…}";
  if (Array.isArray(value)) return `[${entries(value.length, (index) => render(value[index], depth + 1))}]`;
  const keys = Object.keys(value);
  const fields = value as Record<string, unknown>;
  return `{${entries(keys.length, (index) => field(fields, keys[index] ?? "", depth))}}`;
}

/** `Name: message`, as a console prints it without the stack. */
export function errorText(error: Error): string {
  return error.message ? `${error.name}: ${error.message}` : String(error.name);
}

function field(fields: Record<string, unknown>, key: string, depth: number): string {
  return `${JSON.stringify(key)}:${render(fields[key], depth + 1)}`;
}

function entries(count: number, at: (index: number) => string): string {
  const shown = Array.from({ length: Math.min(count, MAX_ENTRIES) }, (_, index) => at(index));
  return (count > MAX_ENTRIES ? [...shown, "…"] : shown).join(",");
}
