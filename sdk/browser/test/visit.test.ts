import assert from "node:assert/strict";
import { test } from "node:test";
import { isOver, keepVisit, resumeVisit } from "../src/visit";

const MINUTE = 60_000;

function storage(initial: Record<string, string> = {}): Pick<Storage, "getItem" | "setItem"> {
  const values = new Map(Object.entries(initial));
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

test("the next page load of a visit goes on with it", () => {
  const tab = storage();
  const first = resumeVisit(tab, 0, 1);
  keepVisit(tab, first);
  assert.deepEqual(resumeVisit(tab, 10 * MINUTE, 1), first);
});

test("half an hour of silence ends a visit, and so does a day", () => {
  const visit = { id: "v", startedAt: 0, seenAt: 0, sampled: true };
  assert.equal(isOver(visit, 30 * MINUTE), false);
  assert.equal(isOver(visit, 31 * MINUTE), true);
  assert.equal(isOver({ ...visit, seenAt: 24 * 60 * MINUTE }, 24 * 60 * MINUTE + 1), true);
});

test("whether a visit is recorded is decided once", () => {
  const tab = storage();
  keepVisit(tab, resumeVisit(tab, 0, 0));
  assert.equal(resumeVisit(tab, MINUTE, 1).sampled, false);
});

test("what others left under our key is not a visit", () => {
  for (const stored of ["", "{", "null", '"x"', '{"id":7}', '{"id":"","startedAt":0,"seenAt":0,"sampled":true}']) {
    assert.notEqual(resumeVisit(storage({ "retrace.visit": stored }), 0, 1).id, "");
  }
});

test("a tab without storage still has a visit", () => {
  assert.ok(resumeVisit(undefined, 0, 1).id);
  keepVisit(undefined, resumeVisit(undefined, 0, 1));
});
