import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { TIMING } from "../src/backoff";
import type { Batch } from "../src/batch";
import { Outbox } from "../src/outbox";
import { Transport } from "../src/transport";
import { batchOf } from "./batches";

interface Received {
  text: string;
  key: string | undefined;
  at: number;
}

let server: Server;
let received: Received[];
let answers: (number | "hang up" | [number, string])[];
let events: string[];

beforeEach(async () => {
  [received, answers, events] = [[], [], []];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
      received.push({ text, key: request.headers["x-retrace-key"]?.toString(), at: performance.now() });
      const answer = answers.shift() ?? 202;
      if (answer === "hang up") return void request.socket.destroy();
      const [status, retryAfter] = typeof answer === "number" ? [answer, undefined] : answer;
      response.writeHead(status, retryAfter ? { "retry-after": retryAfter } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const HASTY = { ...TIMING, firstDelayMs: 40, leastDelayMs: 40, longestDelayMs: 80 };

function transport(maxBytes?: number): Transport {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const heard = {
    lost: () => void events.push("lost"),
    gotThrough: () => void events.push("through"),
    revoked: () => void events.push("revoked"),
  };
  return new Transport({ url, apiKey: "rtpk_x", send: fetch }, new Outbox("rtpk_x"), heard, HASTY, maxBytes);
}

const push = (line: Transport, ...batches: Batch[]) => batches.forEach((batch) => line.push(batch));
const posts = () => received.map(({ text }) => JSON.parse(text));
const sequences = () => posts().map(({ sequence }) => sequence);
const gaps = () => posts().flatMap((post) => (post.events[0]?.data.plugin ? [post.events[0].data.payload] : []));
const pause = (delay: number) => new Promise((resolve) => setTimeout(resolve, delay));

async function drained(line: Transport): Promise<void> {
  await line.deliver();
  while (line.queuedBytes > 0) await pause(5);
  await line.deliver();
}

test("batches arrive in order with the key, compressed and whole", async () => {
  const line = transport();
  push(line, batchOf(0), batchOf(1));
  await line.deliver();
  assert.deepEqual(received.map(({ text }) => text), [batchOf(0).body, batchOf(1).body]);
  assert.equal(received[0]?.key, "rtpk_x");
  assert.equal(line.queuedBytes, 0);
});

test("a batch pushed while another is on its way follows it", async () => {
  const line = transport();
  push(line, batchOf(0));
  const first = line.deliver();
  push(line, batchOf(1));
  await Promise.all([first, line.deliver()]);
  assert.deepEqual(sequences(), [0, 1]);
});

test("a batch the server could not take is sent again, the same, before any later one and not at once", async () => {
  answers = [503];
  const line = transport();
  push(line, batchOf(0));
  await line.deliver();
  push(line, batchOf(1));
  await line.deliver();
  assert.deepEqual(sequences(), [0]);
  await drained(line);
  assert.deepEqual(sequences(), [0, 0, 1]);
  assert.equal(received[0]?.text, received[1]?.text);
});

test("a batch of unknown fate is sent again, the same", async () => {
  answers = ["hang up"];
  const line = transport();
  push(line, batchOf(0));
  await drained(line);
  assert.equal(received.length, 2);
  assert.equal(received[0]?.text, received[1]?.text);
});

test("requests keep their distance while the server refuses, however often somebody flushes", async () => {
  answers = Array(6).fill(503);
  const line = transport();
  push(line, batchOf(0));
  while (received.length < 6) {
    await line.deliver();
    await pause(1);
  }
  await drained(line);
  const distances = received.slice(1).map(({ at }, index) => at - (received[index]?.at ?? 0));
  assert.ok(Math.min(...distances) >= HASTY.leastDelayMs - 2, `${distances}`);
});

test("the server's wish for patience is respected", async () => {
  answers = [[429, "1"]];
  const line = transport();
  push(line, batchOf(0));
  await drained(line);
  assert.ok((received[1]?.at ?? 0) - (received[0]?.at ?? 0) >= 995);
});

test("a batch refused for good leaves a gap in its place, and a wish for a whole picture", async () => {
  answers = [202, 400];
  const line = transport();
  push(line, batchOf(0), batchOf(1), batchOf(2));
  await line.deliver();
  assert.deepEqual(sequences(), [0, 1, 1, 2]);
  const [gap] = gaps();
  assert.deepEqual([gap.reason, gap.sequences, gap.events], ["lost", [1, 1], 1]);
  assert.deepEqual(events, ["lost", "through"]);
});

test("a server that refuses everything is not asked in a hurry, nor for ever", async () => {
  answers = [404, 404];
  const line = transport();
  push(line, batchOf(0), batchOf(1));
  await line.deliver();
  assert.equal(received.length, 2);
  await drained(line);
  assert.deepEqual(sequences(), [0, 0, 1]);
});

test("a batch that is too large in one piece goes in two", async () => {
  answers = [413];
  const line = transport();
  let next = 5;
  const events = [{ data: "a" }, { data: "b" }];
  const body = JSON.stringify({ sessionId: "s", windowId: "w", sequence: 0, events });
  push(line, batchOf(0, { body, events: 2, nextSequence: () => next++ }), batchOf(1));
  await line.deliver();
  assert.deepEqual(posts().map(({ sequence, events }) => [sequence, events.length]), [[0, 2], [0, 1], [5, 1], [1, 1]]);
});

test("an event that is too large by itself leaves a gap", async () => {
  answers = [413];
  const line = transport();
  push(line, batchOf(0));
  await line.deliver();
  assert.deepEqual(gaps().map(({ reason }) => reason), ["lost"]);
});

test("a key that is not valid ends it all", async () => {
  answers = [401];
  const line = transport();
  push(line, batchOf(0), batchOf(1));
  await line.deliver();
  push(line, batchOf(2));
  await line.deliver();
  assert.deepEqual([sequences(), events, line.queuedBytes], [[0], ["revoked"], 0]);
  assert.equal(await line.convey(batchOf(9)), "revoked");
});

test("on overflow the oldest go first, with one gap in their place", async () => {
  answers = [503];
  const line = transport(40_000);
  const large = (sequence: number) => {
    const events = [{ data: randomBytes(2_000).toString("hex") }];
    const body = JSON.stringify({ sessionId: "s", windowId: "w", sequence, events });
    return batchOf(sequence, { body, bytes: body.length });
  };
  push(line, large(0));
  await line.deliver();
  let most = 0;
  for (let sequence = 1; sequence < 40; sequence++) {
    push(line, large(sequence));
    most = Math.max(most, line.queuedBytes);
  }
  assert.ok(most > 30_000 && most <= 40_000, `${most}`);
  assert.equal(events.filter((event) => event === "lost").length, 0, "not while the recorder is at work");
  await drained(line);
  const [gap] = gaps();
  assert.equal(gaps().length, 1);
  assert.deepEqual([gap.reason, gap.sequences[0]], ["overflow", 1]);
  assert.equal(gap.events, gap.sequences[1] - gap.sequences[0] + 1);
  const after = sequences().slice(3);
  assert.deepEqual(after, Array.from({ length: 39 - gap.sequences[1] }, (_, index) => gap.sequences[1] + 1 + index));
  assert.ok(events.includes("lost"));
});

test("what others left is sent after the page's own, and counts for nothing", async () => {
  const line = transport();
  push(line, batchOf(0));
  const outcome = line.convey(batchOf(7, { windowId: "gone" }));
  push(line, batchOf(1));
  assert.equal(await outcome, "accepted");
  assert.deepEqual(sequences(), [0, 1, 7]);
});

test("the server that takes something for the first time, or again, is told of", async () => {
  const line = transport();
  answers = [202, 503];
  for (const sequence of [0, 1, 2]) {
    push(line, batchOf(sequence));
    await drained(line);
  }
  assert.deepEqual(events, ["through", "through"]);
});

test("a page that goes away hands over what waits without waiting itself", async () => {
  const line = transport();
  push(line, batchOf(0), batchOf(1));
  line.handOver();
  assert.equal(line.queuedBytes, 0);
  while (received.length < 2) await pause(5);
  assert.deepEqual(sequences().sort(), [0, 1]);
});
