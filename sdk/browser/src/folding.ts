// Says of what a mutation adds only what is new: an app that draws its views again and again adds the same nodes each
// time. retrace_core/folding.py makes rrweb's own events of it again. No redaction: what comes here is fit to leave.

import { EventType, type RecordedEvent } from "./events";

interface RecordedNode {
  readonly id: number;
  readonly childNodes?: readonly RecordedNode[];
}

interface Add {
  readonly parentId: number;
  readonly nextId: number | null;
  readonly node: RecordedNode;
}

/** A node as it is told: with its children in it, or as a copy of what was told under the id `like`. */
type FoldedNode = object;

interface Look {
  readonly node: RecordedNode;
  /** The same for all nodes that look the same, with all that is below them. */
  readonly kind: number;
  /** What looked like it when it was told first; the node itself if nothing did. */
  readonly first: RecordedNode;
  readonly isWorthCopying: boolean;
  readonly children: readonly Look[];
}

const MUTATION = 0;
const INCREMENTAL = 3;
// A copy costs some 25 characters.
const COPIED_CHARACTERS = 60;
// Remembered looks; an app could make up any number.
const MOST_LOOKS = 20_000;
/** Nodes told as copies of one document; the server makes no more of them, whoever asks. */
const MOST_COPIES = 1_000_000;

/** Folds the events of one window after the other, each as it is about to leave. */
export class Folding {
  private looks = new Map<string, Pick<Look, "kind" | "first">>();
  private told = new Set<number>();
  private kinds = 0;
  private copies = 0;

  /** The event as it is to be sent. Ids mean something only until the next whole picture of the page. */
  fold(event: RecordedEvent): RecordedEvent {
    const data = event.data as { source?: number; node: RecordedNode; adds: readonly Add[]; isAttachIframe?: boolean };
    if (event.type === EventType.FullSnapshot) {
      this.looks.clear();
      this.told.clear();
      this.copies = 0;
      this.look(data.node);
    }
    // What a frame shows comes whole.
    if (event.type !== INCREMENTAL || data.source !== MUTATION || data.isAttachIframe || !data.adds.length) return event;
    if (this.looks.size > MOST_LOOKS) this.looks.clear();
    const adds = nested(data.adds).map((add) => ({ ...add, node: this.folded(this.look(add.node)) }));
    return { ...event, data: { ...data, adds, folded: true } };
  }

  private look(node: RecordedNode): Look {
    const { id, childNodes, ...own } = node;
    const children = (childNodes ?? []).map((child) => this.look(child));
    const key = JSON.stringify([own, children.map((child) => child.kind)]);
    let seen = this.looks.get(key);
    if (!seen) {
      seen = { kind: (this.kinds += 1), first: node };
      // A node that was moved keeps its id, under which it was first told as something else.
      if (!this.told.has(id)) this.looks.set(key, seen);
    }
    this.told.add(id);
    return { node, ...seen, isWorthCopying: children.length > 0 || key.length > COPIED_CHARACTERS, children };
  }

  private folded({ node, first, isWorthCopying, children }: Look): FoldedNode {
    if (first !== node && isWorthCopying && this.copies < MOST_COPIES) {
      const ids = idsOf(node);
      this.copies += ids.length;
      return copy(first.id, idsOf(first), node.id, ids);
    }
    const { childNodes, ...own } = node;
    return children.length > 0 ? { ...own, childNodes: children.map((child) => this.folded(child)) } : own;
  }
}

/** Each id as its distance to the one before, unless all are as far from each other as those of the first. */
function copy(like: number, theirs: readonly number[], id: number, ids: readonly number[]): FoldedNode {
  if (ids.every((own, index) => own - id === theirs[index]! - like)) return { like, id };
  return { like, ids: ids.map((own, index) => own - (ids[index - 1] ?? 0)) };
}

/** Ids of a node and all below it, in the order of the document. */
function idsOf({ id, childNodes = [] }: RecordedNode): number[] {
  return [id, ...childNodes.flatMap(idsOf)];
}

/** The same nodes, as far as possible with their children in them, which rrweb adds one by one. */
function nested(adds: readonly Add[]): Add[] {
  const siblings = new Map<number, Add[]>();
  for (const add of adds) {
    const known = siblings.get(add.parentId);
    if (known) known.push(add);
    else siblings.set(add.parentId, [add]);
  }
  const children = new Map<number, readonly RecordedNode[]>();
  for (const { node } of adds) {
    const ordered = node.childNodes?.length ? undefined : inOrder(siblings.get(node.id) ?? []);
    if (ordered) children.set(node.id, ordered);
  }
  const grown = (node: RecordedNode): RecordedNode => {
    const own = children.get(node.id);
    return own ? { ...node, childNodes: own.map(grown) } : node;
  };
  return adds.filter((add) => !children.has(add.parentId)).map((add) => ({ ...add, node: grown(add.node) }));
}

/** All children of a new node, by the one that each comes before; undefined where that does not lead to all of them. */
function inOrder(adds: readonly Add[]): readonly RecordedNode[] | undefined {
  const before = new Map(adds.map((add) => [add.nextId, add.node]));
  const ordered: RecordedNode[] = [];
  for (let node = before.get(null); node && ordered.length < adds.length; node = before.get(node.id)) ordered.push(node);
  return ordered.length === adds.length ? ordered.reverse() : undefined;
}
