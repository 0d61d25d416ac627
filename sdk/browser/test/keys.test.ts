import assert from "node:assert/strict";
import { test } from "node:test";
import { recordableKey, takesText } from "../src/keys";

const plain = { ctrlKey: false, metaKey: false, altKey: false };

test("keys that do something are recorded wherever they are pressed", () => {
  for (const key of ["Enter", "Escape", "Tab", "ArrowUp", "PageDown", "F12"]) {
    assert.equal(recordableKey({ ...plain, key }, true), key);
  }
});

test("keys that write are recorded nowhere", () => {
  for (const key of ["a", "Z", "7", "ä", "Dead", "Process", "Unidentified", "F13"]) {
    assert.equal(recordableKey({ ...plain, key }, false), undefined);
  }
});

test("deleting and space are commands only outside of text", () => {
  assert.equal(recordableKey({ ...plain, key: " " }, false), "Space");
  assert.equal(recordableKey({ ...plain, key: "Backspace" }, false), "Backspace");
  assert.equal(recordableKey({ ...plain, key: "Backspace" }, true), undefined);
});

test("a letter with a command key is a command, with AltGr it writes", () => {
  assert.equal(recordableKey({ ...plain, ctrlKey: true, key: "s" }, true), "s");
  assert.equal(recordableKey({ ...plain, ctrlKey: true, altKey: true, key: "q", getModifierState: () => true }, true), undefined);
});

test("text is taken by fields for text only", () => {
  const field = (tagName: string, type: string | null, isContentEditable = false) => ({ tagName, isContentEditable, getAttribute: () => type });
  assert.ok(takesText(field("INPUT", null)) && takesText(field("INPUT", "password")) && takesText(field("TEXTAREA", null)));
  assert.ok(takesText(field("DIV", null, true)));
  assert.ok(!takesText(field("INPUT", "checkbox")) && !takesText(field("DIV", null)));
});
