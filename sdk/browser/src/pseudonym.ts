// Names a visitor without naming the person.

import type { Redactor } from "./redaction";

/** The id as it is, or a hash of it if it holds something private: two people with e-mails for ids must stay two. */
export function pseudonym(id: string, redactor: Redactor): string {
  return redactor.text(id) === id ? id : `usr_${hash(id)}`;
}

/** 53 bits in hexadecimal: two multiplicative hashes side by side, so that a million ids rarely meet. */
function hash(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  }
  const mix = (a: number, b: number) => Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  const number = 2 ** 32 * (mix(high, low) & 0x1fffff) + (mix(low, high) >>> 0);
  return number.toString(16).padStart(14, "0");
}
