// Leaves out of rrweb, in the file the door serves, what only options need that src/recording.ts never sets. The build
// fails where a new version of rrweb has none of these any more: then they are to be looked at again.

import { readFile } from "node:fs/promises";

// Declarations, and what stands in for them as far as they are still called.
const DECLARATIONS = {
  // recordCanvas
  CanvasManager: "class CanvasManager { freeze() {} lock() {} reset() {} unfreeze() {} unlock() {} }",
  is2DCanvasBlank: "function is2DCanvasBlank() {}",
  blob: "const blob = undefined;",
  // collectFonts
  initFontObserver: "function initFontObserver() {}",
  // recordCrossOriginIframes
  CrossOriginIframeMirror: "class CrossOriginIframeMirror {}",
  // hooks
  mergeHooks: "function mergeHooks() {}",
};

// Methods that nothing calls without recordCrossOriginIframes.
const METHODS = ["handleMessage", "transformCrossOriginEvent", "replaceIds", "replaceStyleIds", "replaceIdOnNode", "patchRootIdOnNode"];

const NEXT_DECLARATION = /^(?:class|function|async function|const|let|var|export|import) /m;

export const leanRrweb = {
  name: "lean-rrweb",
  setup(build) {
    build.onLoad({ filter: /@rrweb\/record\/dist\/record\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const [name, instead] of Object.entries(DECLARATIONS)) contents = replaced(contents, name, instead);
      for (const name of METHODS) contents = withoutMethod(contents, name);
      return { contents, loader: "js" };
    });
  },
};

function replaced(source, name, instead) {
  const [found] = known(source.matchAll(new RegExp(`^(?:class|function|const|let|var) ${name}\\b`, "gm")), name);
  const rest = source.slice(found.index + 1);
  return source.slice(0, found.index) + `${instead}\n` + rest.slice(NEXT_DECLARATION.exec(rest).index);
}

function withoutMethod(source, name) {
  const [found] = known(source.matchAll(new RegExp(`^  ${name}\\([^]*?^  }\n`, "gm")), name);
  return source.replace(found[0], "");
}

function known(matches, name) {
  const found = [...matches];
  if (found.length !== 1) throw new Error(`rrweb has ${found.length} of ${name}, where lean-rrweb.mjs knows one`);
  return found;
}
