import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomeOf, retryAfterMs, retryDelay, TIMING } from "../src/backoff";

test("only a 4xx that will not change is final", () => {
  const outcomes = Object.fromEntries([202, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503].map((status) => [status, outcomeOf(status)]));
  assert.deepEqual(outcomes, {
    202: "accepted",
    302: "later",
    400: "refused",
    401: "revoked",
    403: "revoked",
    404: "refused",
    408: "later",
    413: "too_large",
    429: "later",
    500: "later",
    503: "later",
  });
});

test("the server may ask for patience in seconds or until a date", () => {
  const now = Date.UTC(2026, 0, 1);
  const headers = ["7", " 7 ", "Thu, 01 Jan 2026 00:01:00 GMT", "Wed, 31 Dec 2025 00:00:00 GMT", "soon", "-3", "", null];
  assert.deepEqual(headers.map((header) => retryAfterMs(header, now)), [7_000, 7_000, 60_000, 0, 0, 0, 0, 0]);
});

test("the delay is anywhere below a limit that doubles up to a minute", () => {
  assert.deepEqual([1, 2, 3, 50].map((failures) => retryDelay(failures, 0, 1)), [2_000, 4_000, 8_000, 60_000]);
  assert.equal(retryDelay(3, 0, 0.5), 4_000);
});

test("the delay is never under a second, nor under what the server asked for, up to five minutes", () => {
  assert.equal(retryDelay(1, 0, 0), TIMING.leastDelayMs);
  assert.equal(retryDelay(1, 45_000, 1), 45_000);
  assert.equal(retryDelay(1, 86_400_000, 1), 300_000);
});
