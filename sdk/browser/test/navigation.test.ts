import assert from "node:assert/strict";
import { test } from "node:test";
import { changeKind } from "../src/navigation";

test("a change of the fragment alone is told as such", () => {
  assert.equal(changeKind("https://a.test/x", "https://a.test/x#1", "push"), "hash");
  assert.equal(changeKind("https://a.test/x#1", "https://a.test/y#1", "push"), "push");
});

test("going back is told as such whatever changes, and no change is none", () => {
  assert.equal(changeKind("https://a.test/x#1", "https://a.test/x", "pop"), "pop");
  assert.equal(changeKind("https://a.test/x", "https://a.test/x", "replace"), undefined);
});
