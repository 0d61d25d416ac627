// A batch that is too large for the server or for something on the way to it, as two that may not be.

import { type Batch, byteLength } from "./batch";
import { textOf } from "./compression";

interface Post {
  events: unknown[];
  [field: string]: unknown;
}

/** Two halves in order, the first with the batch's own number; undefined where there is nothing to divide. */
export async function halves(batch: Batch): Promise<[Batch, Batch] | undefined> {
  if (batch.events < 2 || !batch.nextSequence) return undefined;
  const post = JSON.parse(await textOf(batch.body)) as Post;
  const middle = Math.ceil(post.events.length / 2);
  const first = part(batch, post, post.events.slice(0, middle), batch.sequence, false);
  return [first, part(batch, post, post.events.slice(middle), batch.nextSequence(), batch.final)];
}

function part(batch: Batch, post: Post, events: unknown[], sequence: number, final: boolean): Batch {
  const body = JSON.stringify({ ...post, sequence, flushType: final ? "final" : "normal", events });
  const bytes = byteLength(body);
  return { ...batch, sequence, final, events: events.length, textBytes: bytes, body, bytes };
}
