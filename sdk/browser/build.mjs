// Bundles the recorder into the one file a page loads, or (--tests) the unit tests for node's runner.

import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const OUTPUT = "../../retrace_app/http/ingest/static/retrace.js";

// What the recorder may add to rrweb's own gzipped size; a page pays it on every first visit.
const OWN_GZIP_LIMIT_BYTES = 8 * 1024;

const common = { bundle: true, format: "esm", target: "es2020", legalComments: "inline", logLevel: "warning" };

if (process.argv.includes("--tests")) await buildTests();
else await buildRecorder();

async function buildRecorder() {
  const licences = await readFile("LICENCES.txt", "utf8");
  const banner = `/*!\n${licences.trimEnd()}\n*/`;
  await build({ ...common, entryPoints: ["src/index.ts"], outfile: OUTPUT, minify: true, banner: { js: banner } });
  const own = (await gzippedSize(OUTPUT)) - (await rrwebSize());
  console.log(`retrace.js: ${(await stat(OUTPUT)).size} bytes, ${await gzippedSize(OUTPUT)} gzipped, ${own} of them ours`);
  if (own > OWN_GZIP_LIMIT_BYTES) throw new Error(`the recorder adds ${own} bytes, over ${OWN_GZIP_LIMIT_BYTES}`);
}

async function rrwebSize() {
  const contents = 'export { record } from "@rrweb/record";';
  const stdin = { contents, resolveDir: "." };
  const result = await build({ ...common, stdin, minify: true, write: false });
  return gzipSync(result.outputFiles[0].contents, { level: 9 }).length;
}

async function gzippedSize(path) {
  return gzipSync(await readFile(path), { level: 9 }).length;
}

async function buildTests() {
  await rm("build/test", { recursive: true, force: true });
  await mkdir("build/test", { recursive: true });
  const entryPoints = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: "build/test", platform: "node", target: "node20", outExtension: { ".js": ".mjs" } });
}
