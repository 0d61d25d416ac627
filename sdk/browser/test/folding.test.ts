import assert from "node:assert/strict";
import { test } from "node:test";
import { Folding } from "../src/folding";

interface Node {
  id: number;
  [field: string]: unknown;
}

const text = (id: number, textContent = "Rope, thirty metres of it, tarred, and a hook") => ({ type: 3, textContent, id });
const element = (id: number, ...childNodes: Node[]) => ({ type: 2, tagName: "li", attributes: { class: "item" }, childNodes, id });
const add = (parentId: number, node: Node, nextId: number | null = null) => ({ parentId, nextId, node });

function started(...childNodes: Node[]): Folding {
  const folding = new Folding();
  folding.fold({ type: 2, timestamp: 0, data: { node: { type: 0, id: 1, childNodes } } });
  return folding;
}

function folded(folding: Folding, ...adds: ReturnType<typeof add>[]): { adds: unknown[]; folded?: boolean } {
  const event = folding.fold({ type: 3, timestamp: 0, data: { source: 0, texts: [], attributes: [], removes: [], adds } });
  return event.data as { adds: unknown[]; folded?: boolean };
}

test("children that are added with their parent are told in it, in the order of the page", () => {
  const told = folded(started(), add(10, text(12, "b")), add(5, element(10), 6), add(10, text(11, "a"), 12));
  assert.deepEqual(told, {
    source: 0,
    texts: [],
    attributes: [],
    removes: [],
    adds: [add(5, element(10, text(11, "a"), text(12, "b")), 6)],
    folded: true,
  });
});

test("what looks like something told before is a copy of it", () => {
  const folding = started(element(2, text(3)));
  assert.deepEqual(folded(folding, add(5, element(10)), add(10, text(11))).adds, [add(5, { like: 2, id: 10 })]);
  assert.deepEqual(folded(folding, add(5, element(20)), add(20, text(29))).adds, [add(5, { like: 2, ids: [20, 9] } as never)]);
});

test("a part of it may be new, and small things are no copies", () => {
  const folding = started(element(2, text(3)));
  const adds = [add(5, { ...element(10), tagName: "ul" }), add(10, element(11), 13), add(11, text(12)), add(10, text(13, "b"))];
  const list = { type: 2, tagName: "ul", attributes: { class: "item" }, id: 10 };
  assert.deepEqual(folded(folding, ...adds).adds, [add(5, { ...list, childNodes: [{ like: 2, id: 11 }, text(13, "b")] })]);
});

test("a node that was moved is no original: its id stood for something else", () => {
  const folding = started(element(2, text(3)));
  folded(folding, add(5, element(2)), add(2, text(4, "Rope, sold to somebody who came by before you did")));
  const again = [add(5, element(10)), add(10, text(11, "Rope, sold to somebody who came by before you did"))] as const;
  const childNodes = [{ like: 4, id: 11 }];
  assert.deepEqual(folded(folding, ...again).adds, [add(5, { ...element(10), childNodes } as never)]);
});

test("a whole picture of the page is a new beginning", () => {
  const folding = started(element(2, text(3)));
  folding.fold({ type: 2, timestamp: 0, data: { node: { type: 0, id: 30, childNodes: [] } } });
  assert.deepEqual(folded(folding, add(30, element(31)), add(31, text(32))).adds, [add(30, element(31, text(32)))]);
});

test("children of a shadow tree beside others, and of a frame, stay as rrweb tells them", () => {
  const shadow = { ...text(12, "b"), isShadow: true };
  const adds = [add(5, element(10)), add(10, text(11, "a")), add(10, shadow)];
  const { childNodes: _, ...host } = element(10);
  assert.deepEqual(folded(started(), ...adds).adds, [add(5, host as never), ...adds.slice(1)]);

  const frame = { type: 3, timestamp: 0, data: { source: 0, adds: [add(5, element(10, text(11)))], isAttachIframe: true } };
  assert.equal(started().fold(frame), frame);
});

test("other events stay the same objects, and so does what rrweb recorded", () => {
  const folding = started();
  const click = { type: 3, timestamp: 0, data: { source: 2, type: 2, id: 1 } };
  assert.equal(folding.fold(click), click);
  const adds = [add(5, element(10)), add(10, text(11))];
  const before = structuredClone(adds);
  folded(folding, ...adds);
  assert.deepEqual(adds, before);
});
