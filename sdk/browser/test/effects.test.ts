import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, firstLasting } from "../src/effects";

const change = (at: number, node: object, aspect: string, holds: boolean): Change => ({ at, node, aspect, holds: () => holds });
const button = {};
const panel = {};

test("there and back again is no change", () => {
  assert.equal(firstLasting([change(10, button, "disabled", false), change(200, button, "disabled", true)], 0, 1_000), undefined);
});

test("the first change that holds counts, if it has held long enough", () => {
  const changes = [change(10, button, "class", false), change(120, panel, "hidden", true)];
  assert.equal(firstLasting(changes, 0, 1_000), 120);
  assert.equal(firstLasting(changes, 0, 300), undefined);
});

test("what changed before the click is another's", () => {
  assert.equal(firstLasting([change(10, panel, "", true)], 50, 1_000), undefined);
});
