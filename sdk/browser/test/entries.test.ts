import assert from "node:assert/strict";
import { test } from "node:test";
import { entryOf, type Field, valueClass } from "../src/entries";
import { createRedactor } from "../src/redaction";

const redactor = createRedactor();
const field = (given: Partial<Field>): Field => ({ tagName: "INPUT", type: "text", value: "", checked: false, files: null, ...given });

test("a masked entry tells class and length, a secret one neither length nor value", () => {
  assert.deepEqual(entryOf(field({ value: "Jane" }), "masked", redactor), { kind: "fill", valueMasked: true, valueClass: "plain", length: 4 });
  assert.deepEqual(entryOf(field({ value: "hunter2" }), "secret", redactor), { kind: "fill", valueMasked: true, valueClass: "secret" });
});

test("a plain entry tells its value without secrets", () => {
  assert.equal(entryOf(field({ value: "of jane@example.com" }), "plain", redactor).value, "of [email]");
});

test("a list tells which options are chosen, unless it is secret", () => {
  const list = field({ tagName: "SELECT", type: "select-multiple", value: "m", selectedOptions: [{ index: 1 }, { index: 3 }] });
  assert.deepEqual(entryOf(list, "masked", redactor).options, [1, 3]);
  assert.equal(entryOf(list, "secret", redactor).options, undefined);
});

test("files are told by extension, type and size, not by name", () => {
  const files = [{ name: "Jane Roe.PDF", type: "application/pdf", size: 7 }] as unknown as FileList;
  assert.deepEqual(entryOf(field({ type: "file", files }), "masked", redactor).files, [{ ext: "pdf", mime: "application/pdf", size: 7 }]);
});

for (const [type, value, expected] of [
  ["date", "2026-01-02", "date"],
  ["email", "", "email"],
  ["tel", "1", "phone"],
  ["text", "", "empty"],
  ["text", "jane@example.com", "email"],
  ["text", "12/27/2026", "date"],
  ["text", "1,299.00", "number"],
  ["text", "blue shoes", "plain"],
] as const) {
  test(`${JSON.stringify(value)} in a field for ${type} is of class ${expected}`, () => assert.equal(valueClass(type, value), expected));
}
