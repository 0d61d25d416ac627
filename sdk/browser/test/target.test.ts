import assert from "node:assert/strict";
import { test } from "node:test";
import { isControl } from "../src/interactive";
import { roleOf, type RoleSource } from "../src/role";

function element(tagName: string, attributes: Record<string, string> = {}): RoleSource {
  return {
    tagName: tagName.toUpperCase(),
    getAttribute: (name) => attributes[name] ?? null,
    hasAttribute: (name) => name in attributes,
  };
}

const ROLES: readonly (readonly [string, Record<string, string>, string])[] = [
  ["button", {}, "button"],
  ["a", { href: "/" }, "link"],
  ["a", {}, ""],
  ["input", {}, "textbox"],
  ["input", { type: "EMAIL" }, "textbox"],
  ["input", { type: "email", list: "l" }, "combobox"],
  ["input", { type: "submit" }, "button"],
  ["input", { type: "password" }, ""],
  ["input", { type: "range" }, "slider"],
  ["select", {}, "combobox"],
  ["select", { multiple: "" }, "listbox"],
  ["div", { role: "Tab presentation" }, "tab"],
  ["div", {}, ""],
  ["h2", {}, "heading"],
];

for (const [tag, attributes, role] of ROLES) {
  test(`<${tag} ${JSON.stringify(attributes)}> has role "${role}"`, () => {
    assert.equal(roleOf(element(tag, attributes)), role);
  });
}

const CONTROLS: readonly (readonly [string, Record<string, string>])[] = [
  ["button", {}],
  ["summary", {}],
  ["label", {}],
  ["a", { href: "#" }],
  ["input", { type: "checkbox" }],
  ["div", { role: "button" }],
  ["div", { tabindex: "0" }],
  ["div", { contenteditable: "" }],
  ["td", { onclick: "go()" }],
];

for (const [tag, attributes] of CONTROLS) {
  test(`<${tag} ${JSON.stringify(attributes)}> is a control`, () => assert.ok(isControl(element(tag, attributes))));
}

const NOT_CONTROLS: readonly (readonly [string, Record<string, string>])[] = [
  ["div", {}],
  ["a", {}],
  ["input", { type: "hidden" }],
  ["div", { tabindex: "-1" }],
  ["div", { contenteditable: "false" }],
  ["div", { role: "region" }],
];

for (const [tag, attributes] of NOT_CONTROLS) {
  test(`<${tag} ${JSON.stringify(attributes)}> is no control`, () => assert.ok(!isControl(element(tag, attributes))));
}
