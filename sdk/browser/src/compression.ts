// A batch's body as gzip and back, with what the browser brings along. No network.

import type { Batch } from "./batch";

/** The batch with a compressed body; the batch itself where the browser cannot compress. Never rejects. */
export async function compressed(batch: Batch): Promise<Batch> {
  if (typeof batch.body !== "string" || typeof CompressionStream !== "function") return batch;
  try {
    const body = await piped(batch.body, new CompressionStream("gzip"));
    return { ...batch, body, bytes: body.byteLength };
  } catch {
    return batch;
  }
}

/** The text of a body. */
export async function textOf(body: Batch["body"]): Promise<string> {
  if (typeof body === "string") return body;
  return new TextDecoder().decode(await piped(body, new DecompressionStream("gzip")));
}

// A blob is read in small pieces, with the page's own work between them; one large write would be one long task.
function piped(body: string | ArrayBuffer, through: CompressionStream | DecompressionStream): Promise<ArrayBuffer> {
  return new Response(new Blob([body]).stream().pipeThrough(through)).arrayBuffer();
}
