import assert from "node:assert/strict";
import { test } from "node:test";
import { hoverRule } from "../src/hovers";

test("a style that shows something inside of what is hovered is found", () => {
  assert.deepEqual(hoverRule(".menu:hover > .sub"), { over: ".menu", shown: ".menu:hover > .sub" });
  assert.deepEqual(hoverRule("nav li:hover .sub"), { over: "nav li", shown: "nav li:hover .sub" });
});

test("a style of the hovered element itself is no such thing", () => {
  for (const selector of ["button:hover", "a:hover::before", "a:hover:not(.x)", ":hover .x", "a:hover b:hover"]) {
    assert.equal(hoverRule(selector), undefined, selector);
  }
});
