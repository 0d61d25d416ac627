import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import type { Batch } from "../src/batch";
import { outcomeOf, retryDelay, Transport } from "../src/transport";

let server: Server;
let received: { body: string; key: string | undefined }[];
let answers: number[];

beforeEach(async () => {
  [received, answers] = [[], []];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const key = request.headers["x-retrace-key"]?.toString();
      received.push({ body: Buffer.concat(chunks).toString(), key });
      response.writeHead(answers.shift() ?? 202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const transport = () => new Transport(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, "rtpk_x", fetch);
const batch = (sequence: number): Batch => ({ sequence, body: `{"sequence":${sequence}}`, bytes: 14 });
const bodies = () => received.map(({ body }) => body);

test("batches arrive in order with the key", async () => {
  const line = transport();
  line.push([batch(0), batch(1)]);
  await line.deliver();
  assert.deepEqual(bodies(), ['{"sequence":0}', '{"sequence":1}']);
  assert.equal(received[0]?.key, "rtpk_x");
  assert.equal(line.queuedBytes, 0);
});

test("a batch pushed while another is on its way follows it", async () => {
  const line = transport();
  line.push([batch(0)]);
  const first = line.deliver();
  line.push([batch(1)]);
  await Promise.all([first, line.deliver()]);
  assert.deepEqual(bodies(), ['{"sequence":0}', '{"sequence":1}']);
});

test("a refused batch is dropped and the next one goes on", async () => {
  answers = [400];
  const line = transport();
  line.push([batch(0), batch(1)]);
  await line.deliver();
  assert.deepEqual(bodies(), ['{"sequence":0}', '{"sequence":1}']);
});

test("a batch the server could not take is sent again, the same, before any later one", async () => {
  answers = [503];
  const line = transport();
  line.push([batch(0)]);
  await line.deliver();
  line.push([batch(1)]);
  await line.deliver();
  assert.deepEqual(bodies(), ['{"sequence":0}'], "nothing may be sent before the delay is over");
  while (line.queuedBytes > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(bodies(), ['{"sequence":0}', '{"sequence":0}', '{"sequence":1}']);
});

test("a page that goes away hands over what waits without waiting itself", async () => {
  answers = [503];
  const line = transport();
  line.push([batch(0), batch(1)]);
  await line.deliver();
  line.handOver();
  assert.equal(line.queuedBytes, 0);
  while (received.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(bodies().slice(1).sort(), ['{"sequence":0}', '{"sequence":1}']);
});

test("only a 4xx that will not change is final", () => {
  assert.deepEqual([202, 400, 401, 413, 408, 429, 500, 503, 302].map(outcomeOf), [
    "accepted",
    "refused",
    "refused",
    "refused",
    "later",
    "later",
    "later",
    "later",
    "later",
  ]);
});

test("the delay doubles up to a minute and respects what the server asks for", () => {
  assert.equal(retryDelay(1, null, 1), 1_000);
  assert.equal(retryDelay(3, null, 1), 4_000);
  assert.equal(retryDelay(3, null, 0), 2_000);
  assert.equal(retryDelay(50, null, 1), 60_000);
  assert.equal(retryDelay(1, "7", 1), 7_000);
  assert.equal(retryDelay(1, "soon", 1), 1_000);
});
