import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { cacheDir } from "../setup/paths.mjs";
import type { runConsole } from "./main.tsx";

/** Bundles the console and loads it. The file is named by its content, so that clones can share the folder. */
export async function loadConsole(): Promise<typeof runConsole> {
  const code = await bundle();
  const name = `console-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.mjs`;
  const folder = path.join(cacheDir(), "console");
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, file);
  const loaded = (await import(pathToFileURL(file).href)) as { runConsole: typeof runConsole };
  return loaded.runConsole;
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("main.tsx", import.meta.url))],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    jsx: "automatic",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [WITHOUT_DEVTOOLS],
    // CommonJS packages in the bundle ask for Node's own modules.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** Ink imports it for debugging only, and it is not installed. */
const WITHOUT_DEVTOOLS: Plugin = {
  name: "without-devtools",
  setup(build) {
    build.onResolve({ filter: /^react-devtools-core$/ }, ({ path: name }) => ({
      path: name,
      namespace: "nothing",
    }));
    build.onLoad({ filter: /.*/, namespace: "nothing" }, () => ({
      contents: "export default {};",
    }));
  },
};
