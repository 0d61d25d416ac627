import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "../src/redaction";
import { isSecretName } from "../src/redaction-rules";
import { about, examples } from "./redaction-examples.json";

const { text, url } = createRedactor();

for (const example of examples) {
  // The server's test reads the same file.
  test(`${JSON.stringify(example.text)} is redacted as the server does it`, () => {
    assert.match(about, /~/);
    assert.equal(text(example.text.replace("~", "")), example.redacted);
  });
}

test("redacting twice changes nothing more", () => {
  for (const { redacted } of examples) assert.equal(text(redacted), redacted);
});

test("what is secret by name is told from what only sounds like it", () => {
  for (const name of ["accessToken", "x-api-key", "user[new_password]", "card_cvv", "userOtp", "csrf-token", "auth"]) {
    assert.ok(isSecretName(name), name);
  }
  for (const name of ["sessionId", "tokens", "keyboard", "--token", "author", "data-testid", "x".repeat(500)]) {
    assert.ok(!isSecretName(name), name);
  }
});

test("parts of a path that look like tokens are masked, ids and names are not", () => {
  assert.equal(url("https://shop.test/reset/Zq7Xw4Kp9Rt2Vb8Ns5Lm/now"), "https://shop.test/reset/[redacted]/now");
  assert.equal(url(`/invite/${"0a1b2c3d".repeat(4)}`), "/invite/[redacted]");
  for (const kept of ["/users/3fa85f64-5717-4562-b3fc-2c963f66afa6", "/blog/how-we-made-checkout-faster", "/assets/index-Zq7Xw4Kp9Rt2Vb8N.js"]) {
    assert.equal(url(kept), kept);
  }
});

test("pictures in an address are left alone", () => {
  const picture = `data:image/png;base64,${"Zq7Xw4Kp".repeat(100)}`;
  assert.equal(text(picture), picture);
  assert.equal(url(picture), picture);
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
  assert.equal(custom.text("ORDER-12 via SHIP7, token=123"), "[redacted] via [redacted], token=[redacted]");
});

const HOSTILE = [
  "a".repeat(100_000) + "token".repeat(20_000) + " : ".repeat(20_000),
  "password=\\\"".repeat(20_000),
  `${"a@".repeat(50_000)} ${"a.".repeat(50_000)}@`,
  `${"4111 ".repeat(40_000)} ${"1-".repeat(50_000)}`,
  "?a[".repeat(40_000) + "sess".repeat(20_000),
  "<input type=password".repeat(10_000),
  "{\"type\":\"password\"".repeat(10_000),
  "-----BEGIN PRIVATE KEY-----".repeat(5_000),
  "://a".repeat(40_000),
  "cookie:a".repeat(20_000) + "authorization: ".repeat(10_000) + "bearer ".repeat(20_000),
];

for (const hostile of HOSTILE) {
  test(`a hostile text like ${JSON.stringify(hostile.slice(0, 24))} is redacted in time linear to its length`, () => {
    const started = performance.now();
    url(hostile);
    assert.ok(performance.now() - started < 1_000);
  });
}
