import assert from "node:assert/strict";
import { test } from "node:test";
import { Breadcrumbs, crumbOf } from "../src/breadcrumbs";

test("the newest are kept", () => {
  const crumbs = new Breadcrumbs(2);
  for (const message of ["1", "2", "3"]) crumbs.add({ message });
  assert.deepEqual(crumbs.list().map(({ message }) => message), ["2", "3"]);
});

test("what is given and what is handed out are copies", () => {
  const crumbs = new Breadcrumbs(2);
  const data = { cart: { items: 1 } };
  crumbs.add({ message: "x", data });
  data.cart.items = 2;
  (crumbs.list()[0]?.data as typeof data).cart.items = 3;
  assert.deepEqual(crumbs.list()[0]?.data, { cart: { items: 1 } });
});

test("addresses lose query, fragment and credentials", () => {
  const crumb = crumbOf("retrace/network@1", { method: "GET", url: "https://me:pw@a.test/x?q=1#y", status: 404, durationMs: 5 });
  assert.equal(crumb?.message, "GET https://a.test/x → 404");
  assert.equal(crumb?.level, "error");
});

test("an event that is no step of the person's leaves none", () => {
  assert.equal(crumbOf("retrace/state@1", {}), undefined);
});
