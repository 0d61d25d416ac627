import assert from "node:assert/strict";
import { test } from "node:test";
import { type Batch, EARLY_FLUSH_BYTES, keptAlive, Packer } from "../src/batch";
import type { RecordedEvent } from "../src/events";
import { textOf } from "../src/compression";
import { halves } from "../src/splitting";
import { batchOf } from "./batches";

const event = (data: unknown, type = 3, timestamp = 1): RecordedEvent => ({ type, timestamp, data });
const packer = (maxEvents?: number) =>
  new Packer((sequence, flushType) => ({ sessionId: "s", windowId: "w", sequence, flushType }), maxEvents);
const parsed = (batch: Batch | undefined) => JSON.parse(String(batch?.body ?? "null"));

test("an event stays open until the batch is full, and the batch then holds them in order", () => {
  const open = packer(3);
  assert.deepEqual([open.add(event("a")), open.add(event("b")), open.add(event("c"))], [false, false, true]);
  assert.deepEqual(parsed(open.seal()), {
    sessionId: "s",
    windowId: "w",
    sequence: 0,
    flushType: "normal",
    events: [event("a"), event("b"), event("c")],
  });
  assert.equal(open.isOpen, false);
});

test("sequence numbers count the batches of a window", () => {
  const open = packer();
  const sequences = ["a", "b"].map((data) => (open.add(event(data)), open.seal()?.sequence));
  assert.deepEqual([...sequences, open.sealFinal().sequence], [0, 1, 2]);
});

test("a batch is full before it is too much for the end of a page", () => {
  const open = packer(1_000);
  let added = 1;
  while (!open.add(event("ü".repeat(500)))) added += 1;
  assert.ok(added * 1_000 < EARLY_FLUSH_BYTES && added * 1_060 > EARLY_FLUSH_BYTES, `${added}`);
});

test("a large event leaves the small ones before it to a batch of their own", () => {
  const open = packer();
  const closed: (Batch | undefined)[] = [];
  const close = () => void closed.push(open.seal());
  open.add(event("x".repeat(EARLY_FLUSH_BYTES)), close);
  open.add(event("small"), close);
  open.add(event("small"), close);
  open.add(event("x".repeat(EARLY_FLUSH_BYTES)), close);
  closed.push(open.seal());
  assert.deepEqual(closed.map((batch) => batch?.events), [1, 2, 1]);
});

test("a full snapshot fills the batch at once", () => {
  const open = packer();
  assert.deepEqual([open.add(event({ href: "/" }, 4)), open.add(event({ node: {} }, 2))], [false, true]);
});

test("an event is kept as it was when it came, whatever the page does to it later", () => {
  const open = packer();
  const data = { list: [1] };
  open.add(event(data));
  data.list.push(2);
  assert.deepEqual(parsed(open.seal()).events[0].data, { list: [1] });
});

test("what leaves is what the serialiser made of an event", () => {
  const open = new Packer(() => ({ sessionId: "s", windowId: "w" }), 50, () => '"redacted"');
  open.add(event("secret"));
  assert.deepEqual(parsed(open.seal()).events, ["redacted"]);
});

test("a normal batch without events is none, a final one says that the window is over", () => {
  const open = packer();
  assert.equal(open.seal(), undefined);
  const final = open.sealFinal();
  assert.deepEqual([final.final, parsed(final).flushType, parsed(final).events], [true, "final", []]);
});

test("a batch knows its size as UTF-8 and the time it spans", () => {
  const open = packer();
  open.add(event("日本", 3, 5));
  open.add(event("日本", 3, 9));
  const batch = open.seal();
  assert.equal(batch?.bytes, Buffer.byteLength(String(batch?.body)));
  assert.deepEqual([batch?.events, batch?.fromMs, batch?.toMs], [2, 5, 9]);
});

test("keepalive goes to the newest batches that fit together", () => {
  const [old, big, last] = [30, 100, 40].map((bytes, sequence) => batchOf(sequence, { bytes }));
  assert.ok(old && big && last);
  assert.deepEqual(keptAlive([old, big, last], 80), new Set([last, old]));
});

test("a batch that is too large becomes two, the second with the window's next number", async () => {
  const open = packer();
  for (const data of ["a", "b", "c"]) open.add(event(data));
  const batch = open.seal();
  open.add(event("later"));
  const two = await halves(batch as Batch);
  const texts = await Promise.all((two ?? []).map(async ({ body }) => JSON.parse(await textOf(body))));
  assert.deepEqual(texts.map(({ sequence, events }) => [sequence, events.map((kept: RecordedEvent) => kept.data)]), [
    [0, ["a", "b"]],
    [1, ["c"]],
  ]);
  assert.equal(open.seal()?.sequence, 2);
});

test("a single event cannot be divided", async () => {
  const open = packer();
  open.add(event("a"));
  assert.equal(await halves(open.seal() as Batch), undefined);
});
