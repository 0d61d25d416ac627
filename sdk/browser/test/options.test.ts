import assert from "node:assert/strict";
import { test } from "node:test";
import { breadcrumbLimit } from "../src/options";

for (const [given, kept] of [
  [undefined, 50],
  [NaN, 50],
  [Infinity, 50],
  [0, 1],
  [-3, 1],
  [3.9, 3],
  [9999, 500],
] as const) {
  test(`of ${given} breadcrumbs asked for, ${kept} are kept`, () => assert.equal(breadcrumbLimit(given), kept));
}
