import assert from "node:assert/strict";
import { test } from "node:test";
import { endOfCrashed, gapInPlaceOf, gapOf } from "../src/gap";
import { batchOf } from "./batches";

const textBytes = batchOf(1).textBytes;

test("a gap counts the batches that are lost", () => {
  assert.deepEqual(gapOf([batchOf(3), batchOf(4)], "overflow"), {
    reason: "overflow",
    sequences: [3, 4],
    events: 2,
    bytes: 2 * textBytes,
    fromMs: 30,
    toMs: 49,
  });
});

test("a gap that is lost itself counts for what it stands for", () => {
  const earlier = gapInPlaceOf([batchOf(3), batchOf(4)], "overflow", 0);
  const gap = gapOf([earlier, batchOf(5)], "overflow");
  assert.deepEqual([gap.sequences, gap.events, gap.bytes], [[3, 5], 3, 3 * textBytes]);
});

test("a gap takes the number and the time of the first batch that is lost, and ends the window if one of them did", () => {
  const batch = gapInPlaceOf([batchOf(3), batchOf(4, { final: true })], "lost", 99);
  const post = JSON.parse(String(batch.body));
  assert.deepEqual([post.sessionId, post.windowId, post.sequence, post.flushType, post.sentAt], ["s", "w", 3, "final", 99]);
  assert.deepEqual([post.events.length, post.events[0].timestamp, post.events[0].data.plugin], [1, 30, "retrace/gap@1"]);
  assert.deepEqual(post.events[0].data.payload.sequences, [3, 4]);
});

test("a window that crashed ends after its last known batch, with an unknown loss", () => {
  const post = JSON.parse(String(endOfCrashed(batchOf(7), 500).body));
  assert.deepEqual([post.sequence, post.flushType], [8, "final"]);
  assert.deepEqual(post.events[0].data.payload, { id: "gap8", reason: "crash", sequences: null, fromMs: 79, toMs: 500 });
});

test("the end of a crashed window follows all that its last gap stands for", () => {
  assert.equal(endOfCrashed(gapInPlaceOf([batchOf(3), batchOf(9)], "overflow", 0), 500).sequence, 10);
});
