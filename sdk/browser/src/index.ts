// What a page imports. Nothing else of this package is public.

import { version } from "../package.json";

export { init } from "./client";
export type { Client } from "./client";
export type { FlushType } from "./batch";
export type { Breadcrumb, GivenBreadcrumb } from "./breadcrumbs";
export type { Options } from "./options";
export type { Context } from "./page-state";
export type { PrivacyOptions } from "./privacy";

export const VERSION: string = version;
