import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../src/describe";

test("strings stay as they are and objects read like JSON", () => {
  assert.equal(describe("plain"), "plain");
  assert.equal(describe({ a: [1, "x", null], b: undefined }), '{"a":[1,"x",null],"b":undefined}');
});

test("an error reads as name and message", () => {
  assert.equal(describe(new TypeError("no push")), "TypeError: no push");
  assert.equal(describe({ cause: new Error("inner") }), '{"cause":Error: inner}');
});

test("a cycle ends instead of running for ever", () => {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  assert.match(describe(loop), /\{…\}/);
});

test("a dump is cut", () => {
  assert.equal(describe("x".repeat(10_000)).length, 5_000);
  assert.ok(describe(Array.from({ length: 100_000 }, () => 1)).length < 200);
});

test("the page's toJSON is not run", () => {
  const value = {
    toJSON() {
      throw new Error("must not run");
    },
  };
  assert.equal(describe(value), '{"toJSON":[function toJSON]}');
});
