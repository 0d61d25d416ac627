// What a page imports. Nothing else of this package is public.

export { init } from "./client";
export type { Client } from "./client";
export type { FlushType } from "./batch";
export type { Options, PrivacyOptions } from "./options";
