import assert from "node:assert/strict";
import { test } from "node:test";
import { type Agree, isOver, type Visit, Visits } from "../src/visit";

const MINUTE = 60_000;
const alone: Agree = (mine) => Promise.resolve(mine);

class SharedStorage {
  readonly writes: string[] = [];
  constructor(private value: string | null = null) {}
  getItem = () => this.value;
  setItem = (_: string, value: string) => void this.writes.push((this.value = value));
}

const visits = (storage: SharedStorage | undefined, sampleRate = 1, agree = alone) => new Visits(storage, sampleRate, agree);
const id = (tab: Visits, now: number) => tab.enter(now).visit.id;

test("the next page load of a visit goes on with it, and so does another tab", () => {
  const storage = new SharedStorage();
  const first = id(visits(storage), 0);
  assert.equal(id(visits(storage), 10 * MINUTE), first);
});

test("half an hour without an act ends a visit, and so do four hours", () => {
  const visit = { id: "v", startedAt: 0, seenAt: 0, sampled: true };
  assert.deepEqual([30 * MINUTE, 30 * MINUTE + 1].map((now) => isOver(visit, now)), [false, true]);
  const busy = (now: number) => isOver({ ...visit, seenAt: now }, now);
  assert.deepEqual([240 * MINUTE, 240 * MINUTE + 1].map(busy), [false, true]);
});

test("a visit that has ended is followed by another", () => {
  const tab = visits(new SharedStorage());
  const first = id(tab, 0);
  assert.notEqual(id(tab, 31 * MINUTE), first);
});

test("an act in one tab keeps the visit alive in the others", () => {
  const storage = new SharedStorage();
  const [one, other] = [visits(storage), visits(storage)];
  const first = id(one, 0);
  id(other, 0);
  for (let now = 0; now < 60 * MINUTE; now += 10 * MINUTE) one.touch(now);
  assert.equal(other.isOver(60 * MINUTE), false);
  assert.equal(id(other, 60 * MINUTE), first);
});

test("acts are written at most once a second", () => {
  const storage = new SharedStorage();
  const tab = visits(storage);
  tab.enter(0);
  for (let now = 0; now <= 3_000; now += 10) tab.touch(now);
  assert.equal(storage.writes.length, 4);
});

test("whether a visit is recorded is decided once", () => {
  const storage = new SharedStorage();
  visits(storage, 0).enter(0);
  assert.equal(visits(storage, 1).enter(MINUTE).visit.sampled, false);
});

test("tabs that open at the same moment settle on one visit, and on whether it is recorded", async () => {
  let first: Visit | undefined;
  const agree: Agree = (mine) => Promise.resolve({ ...(first ??= { ...mine }) });
  const [one, other] = [visits(undefined, 0, agree).enter(0), visits(undefined, 1, agree).enter(0)];
  assert.notEqual(one.visit.id, other.visit.id);
  await Promise.all([one.settled, other.settled]);
  assert.equal(one.visit.id, other.visit.id);
  assert.deepEqual([one.visit.sampled, other.visit.sampled], [false, false]);
});

test("without a database the visit that the tabs' storage ends up with counts", async () => {
  const storage = new SharedStorage();
  const { visit, settled } = visits(storage, 1, () => Promise.resolve(undefined)).enter(0);
  const other = { id: "other", startedAt: 0, seenAt: 0, sampled: true };
  storage.setItem("", JSON.stringify(other));
  await settled;
  assert.equal(visit.id, "other");
});

test("a database that never answers holds nothing up for long", async () => {
  const { settled } = visits(undefined, 1, () => new Promise(() => undefined)).enter(0);
  await settled;
});

test("what others left under our key is not a visit", () => {
  for (const stored of ["", "{", "null", '"x"', '{"id":7}', '{"id":"","startedAt":0,"seenAt":0,"sampled":true}']) {
    assert.notEqual(id(visits(new SharedStorage(stored)), 0), "");
  }
});

test("a tab without storage still has a visit", () => {
  const tab = visits(undefined);
  const first = id(tab, 0);
  tab.touch(MINUTE);
  assert.equal(id(tab, 20 * MINUTE), first);
});
