// Ids of visits and page loads: random, since nothing about a visitor may be read from them.

/** 128 random bits as a UUID, also where `crypto.randomUUID` is missing (pages served over plain HTTP). */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
