// Builds what a page loads, what npm gets (dist/), or (--tests) the unit tests for node's runner.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { leanRrweb } from "./lean-rrweb.mjs";

const SERVED = "../../retrace_app/http/ingest/static";

// What a page may load, gzipped, beyond rrweb as it is published; paid on every first visit. Raised by hand only.
const OWN_GZIP_LIMIT_BYTES = 20_000;

const common = { bundle: true, target: "es2020", legalComments: "none", logLevel: "warning" };
const page = { ...common, entryPoints: ["src/index.ts"], minify: true, write: false };

if (process.argv.includes("--tests")) await buildTests();
else {
  await buildPackage();
  await buildServed();
}

/** The two files the door serves. `retrace.js` is written last: it tells `make` that all is done. */
async function buildServed() {
  const banner = `/*!\n${(await readFile("LICENCES.txt", "utf8")).trimEnd()}\n*/\n`;
  const module = await text({ ...page, plugins: [leanRrweb], format: "esm" });
  const classic = await text({ ...page, plugins: [leanRrweb], format: "iife", globalName: "Retrace" });
  const rrweb = await text({ ...page, entryPoints: [], stdin: { contents: 'export { record } from "@rrweb/record";', resolveDir: "." }, format: "esm" });
  const own = gzipped(module) - gzipped(rrweb);
  console.log(`retrace.js: ${module.length} bytes, ${gzipped(module)} gzipped, ${own} of them ours`);
  if (own > OWN_GZIP_LIMIT_BYTES) throw new Error(`the recorder adds ${own} bytes, over ${OWN_GZIP_LIMIT_BYTES}`);
  await mkdir(SERVED, { recursive: true });
  await writeFile(`${SERVED}/retrace.global.js`, banner + classic);
  await writeFile(`${SERVED}/retrace.js`, banner + module);
}

/** The package: rrweb and React stay imports, for the app's own bundler. Types were written by tsc. */
async function buildPackage() {
  const folder = "dist/types/src";
  for (const name of await readdir(folder)) {
    // Node's own way of resolving needs the endings that ours does without.
    const declared = await readFile(`${folder}/${name}`, "utf8");
    await writeFile(`${folder}/${name}`, declared.replace(/(from "\.\/[\w-]+)"/g, '$1.js"'));
  }
  const entryPoints = ["src/index.ts", "src/react.tsx"];
  await build({ ...common, entryPoints, outdir: "dist", format: "esm", splitting: true, packages: "external" });
}

async function buildTests() {
  await rm("build/test", { recursive: true, force: true });
  await mkdir("build/test", { recursive: true });
  const entryPoints = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: "build/test", format: "esm", platform: "node", target: "node20", outExtension: { ".js": ".mjs" } });
}

async function text(options) {
  const { outputFiles } = await build(options);
  // Leaves a twentieth less than esbuild alone.
  const { code } = await minify(outputFiles[0].text, { module: options.format === "esm", ecma: 2020, compress: { passes: 3 } });
  return code;
}

function gzipped(text) {
  return gzipSync(text, { level: 9 }).length;
}
