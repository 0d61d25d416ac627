import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "../src/redaction";

const { text, url } = createRedactor();

const SECRET_TEXTS: readonly (readonly [string, string])[] = [
  ["mail to jane.doe+shop@example.co.uk now", "mail to [email] now"],
  ["jane%40example.com", "[email]"],
  ["password: hunter2", "password: [redacted]"],
  ['{"access_token":"abc.def"}', '{"access_token":"[redacted]"}'],
  ["api-key = 12345", "api-key = [redacted]"],
  ["Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer [redacted]"],
  ["Basic dXNlcjpwYXNz", "Basic [redacted]"],
  ["got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "got [redacted]"],
];

for (const [given, expected] of SECRET_TEXTS) {
  test(`${JSON.stringify(given)} loses its secret`, () => assert.equal(text(given), expected));
}

for (const prose of [
  "Basic understanding of tokens",
  "Cannot read properties of undefined (reading 'push')",
  "the password is wrong",
  "GET /api/products/1042 answered 500",
]) {
  test(`${JSON.stringify(prose)} is left alone`, () => assert.equal(text(prose), prose));
}

test("redacting twice changes nothing more", () => {
  for (const [given] of SECRET_TEXTS) assert.equal(text(text(given)), text(given));
});

test("a URL loses secret parameters in query and fragment and keeps the others", () => {
  assert.equal(
    url("https://shop.test/cb?page=2&access_token=abc&code=9#id_token=x&tab=1"),
    "https://shop.test/cb?page=2&access_token=[redacted]&code=[redacted]#id_token=[redacted]&tab=1",
  );
});

test("a URL loses its credentials", () => {
  assert.equal(url("https://me:pw@shop.test/a"), "https://shop.test/a");
  assert.equal(url("//me:pw@shop.test/a"), "//shop.test/a");
});

test("custom patterns are added, an invalid one is left out, and sticky ones work everywhere", () => {
  const custom = createRedactor(["order-\\d+", "([", /SHIP\d/y]);
  assert.equal(custom.text("ORDER-12 via SHIP7, token=1"), "[redacted] via [redacted], token=[redacted]");
});

test("a hostile text is redacted in time linear to its length", () => {
  const started = performance.now();
  text("a".repeat(100_000) + "token".repeat(20_000) + " : ".repeat(20_000));
  assert.ok(performance.now() - started < 1_000);
});
