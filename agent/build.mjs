// Bundles the agent into one CommonJS file for Node 16: agent/build/agent.cjs, or the path given. Beside it goes what a board
// compiles for itself.
// Equal sources give equal bytes, so that the digest of a runtime says whether a board must be updated.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { backendSourceBeside, packBackendSource } from "./pack-backend.ts";
import { licencesBeside, packLicences } from "./pack-licences.ts";

const agent = dirname(fileURLToPath(import.meta.url));
const root = dirname(agent);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

export const BUNDLE = join(agent, "build", "agent.cjs");

/** Texts in fifty languages, of which none is ever chosen: an eighth of what every process of the agent would read. */
const englishAlone = {
  name: "english-alone",
  setup: (/** @type {import("esbuild").PluginBuild} */ { onLoad }) =>
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

export async function buildAgent(outfile = BUNDLE) {
  const { metafile } = await build({
    metafile: true,
    // Paths inside the bundle's comments are relative to this folder, whatever the caller's was.
    absWorkingDir: root,
    entryPoints: ["agent/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node16",
    // An ES module of mqtt's CommonJS sources fails on Node 16 with "Dynamic require".
    format: "cjs",
    charset: "utf8",
    legalComments: "eof",
    plugins: [englishAlone],
    define: { AGENT_VERSION_AT_BUILD: JSON.stringify(version) },
    logLevel: "warning",
  });
  packLicences(root, Object.keys(metafile.inputs), licencesBeside(outfile));
  packBackendSource(join(root, "native"), backendSourceBeside(outfile));
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await buildAgent(process.argv[2]));
}
