import assert from "node:assert/strict";
import { test } from "node:test";
import { type Batch, keptAlive, MAX_BATCH_BYTES, Packer, tailStart } from "../src/batch";
import type { RecordedEvent } from "../src/events";

const event = (data: unknown, type = 3): RecordedEvent => ({ type, timestamp: 1, data });
const packer = (maxEvents?: number) => new Packer((sequence, flushType) => ({ sequence, flushType }), maxEvents);
const parsed = (batch: Batch | undefined) => JSON.parse(batch?.body ?? "null");

test("an event stays open until the batch is full, and the batch then holds them in order", () => {
  const open = packer(3);
  assert.deepEqual([open.add(event("a")), open.add(event("b"))], [[], []]);
  const [batch, ...others] = open.add(event("c"));
  assert.deepEqual(others, []);
  assert.deepEqual(parsed(batch), {
    sequence: 0,
    flushType: "normal",
    events: [event("a"), event("b"), event("c")],
  });
});

test("sequence numbers count the batches of a window", () => {
  const open = packer(1);
  const sequences = ["a", "b", "c"].flatMap((data) => open.add(event(data))).map((batch) => batch.sequence);
  assert.deepEqual(sequences, [0, 1, 2]);
});

test("an event that would burst the batch closes it first", () => {
  const open = packer();
  open.add(event("small"));
  const closed = open.add(event("x".repeat(MAX_BATCH_BYTES)));
  assert.deepEqual(closed.map((batch) => parsed(batch).events), [[event("small")]]);
});

test("a full snapshot is closed at once, with what came before it", () => {
  const open = packer();
  open.add(event({ href: "/" }, 4));
  const [batch] = open.add(event({ node: {} }, 2));
  assert.deepEqual(parsed(batch).events.map((kept: RecordedEvent) => kept.type), [4, 2]);
  assert.equal(open.openSize, 0);
});

test("an event is kept as it was when it came, whatever the page does to it later", () => {
  const open = packer();
  const data = { list: [1] };
  open.add(event(data));
  data.list.push(2);
  assert.deepEqual(parsed(open.seal()[0]).events[0].data, { list: [1] });
});

test("a normal batch without events is none, a final one says that the window is over", () => {
  const open = packer();
  assert.deepEqual(open.seal(), []);
  const final = open.sealFinal(1_000);
  assert.deepEqual(final.map(parsed), [{ sequence: 0, flushType: "final", events: [] }]);
});

test("the final batch keeps to the keepalive budget and the older events go before it", () => {
  const open = packer(1_000);
  for (let index = 0; index < 100; index++) open.add(event({ index, text: "ü".repeat(100) }));
  const batches = open.sealFinal(5_000);
  const [earlier, final] = batches;
  assert.equal(batches.length, 2);
  assert.ok(final !== undefined && final.bytes <= 5_000 && final.bytes > 4_500, `${final?.bytes}`);
  const indexes = [...parsed(earlier).events, ...parsed(final).events].map((kept) => kept.data.index);
  assert.deepEqual(indexes, Array.from({ length: 100 }, (_, index) => index));
});

test("bytes are counted as UTF-8, not as characters", () => {
  const [batch] = packer(1).add(event("日本"));
  assert.equal(batch?.bytes, Buffer.byteLength(batch?.body ?? ""));
});

test("the tail starts where the newest events still fit", () => {
  assert.equal(tailStart([10, 10, 10], 22), 1);
  assert.equal(tailStart([10, 10, 10], 5), 3);
  assert.equal(tailStart([], 5), 0);
});

test("keepalive goes to the newest batches that fit together", () => {
  const [old, big, last] = [30, 100, 40].map((bytes, sequence) => ({ bytes, sequence, body: "" }));
  assert.ok(old && big && last);
  assert.deepEqual(keptAlive([old, big, last], 80), new Set([last, old]));
});
