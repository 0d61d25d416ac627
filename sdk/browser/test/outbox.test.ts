import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox, type Stored, surplus } from "../src/outbox";
import { batchOf } from "./batches";

const stored = (windowId: string, sequence: number, storedAt: number, bytes = 100): Stored => {
  const { body: _, ...facts } = batchOf(sequence, { windowId, bytes });
  return { ...facts, id: `${windowId}/${sequence}`, apiKey: "rtpk_x", page: "p", storedAt };
};

test("nothing goes while there is room", () => {
  assert.deepEqual(surplus([stored("a", 0, 1), stored("a", 1, 2)], 200), []);
});

test("the oldest goes first, window by window and in order, until a quarter is free", () => {
  const all = [stored("b", 0, 3), stored("a", 1, 2), stored("a", 0, 1), stored("b", 1, 4), stored("b", 2, 5)];
  const going = surplus(all, 400).map((group) => group.map(({ id }) => id));
  assert.deepEqual(going, [["a/0", "a/1"]]);
});

test("without a database nothing is stored, and nothing fails", async () => {
  const outbox = new Outbox("rtpk_x");
  await outbox.keep(batchOf(0));
  outbox.leave([batchOf(1)]);
  assert.deepEqual([outbox.isOpen, await outbox.list(), await outbox.read(stored("w", 0, 1))], [false, [], undefined]);
  await outbox.clear();
});
