import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";

/** What goes onto boards beside the bundle, whoever's it is; files below `native` where no package brings its licence. */
const OTHERS: readonly { title: string; package?: string; file?: string }[] = [
  { title: "Node.js, for JetPack 4", package: `node16-linux-${process.arch}` },
  { title: "Node.js, for JetPack 5 and later", package: `node-linux-${process.arch}` },
  { title: "ONNX Runtime", file: "licences/onnxruntime.txt" },
  { title: "node-addon-api, in the addon", package: "node-addon-api" },
  { title: "libyuv, in the addon", file: "licences/libyuv.txt" },
  {
    title: "libc++ of LLVM, in the addon and its backend for aarch64",
    file: "licences/libcxx.txt",
  },
];

const require = createRequire(import.meta.url);

/** The file of licences that lies beside a bundle. */
export function licencesBeside(bundle: string): string {
  return join(dirname(bundle), "LICENSES.txt");
}

/**
 * Writes the licences of all that is put onto boards as one file: ours, those of the packages that `inputs`, paths in a bundle,
 * are of, and those of what lies beside it. Throws an Error naming a package that says nothing of its licence.
 */
export function packLicences(root: string, inputs: readonly string[], outfile: string): void {
  const bundled = [...new Set(inputs.flatMap(packageOf))].sort();
  const parts = [
    part("jetfleet", readFileSync(join(root, "LICENSE"), "utf8")),
    ...OTHERS.map(({ title, package: name, file }) =>
      part(
        title,
        name === undefined
          ? readFileSync(join(root, "native", file ?? ""), "utf8")
          : textOf(folderOf(name)),
      ),
    ),
    ...bundled.map((path) =>
      part(`${titleOf(join(root, path))}, in the agent`, textOf(join(root, path))),
    ),
  ];
  writeFileSync(outfile, parts.join("\n"));
}

/** `node_modules/@scope/name` of an input, the innermost where packages lie in packages. */
function packageOf(input: string): string[] {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
  return found === undefined ? [] : [found];
}

function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

function titleOf(folder: string): string {
  const { name, version } = manifestOf(folder);
  return `${name} ${version}`;
}

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});

function manifestOf(folder: string): z.infer<typeof Manifest> {
  return Manifest.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
}

/** A package without a text is told by the name of its licence. */
function textOf(folder: string): string {
  const file = existsSync(folder)
    ? readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name))
    : undefined;
  if (file !== undefined) return readFileSync(join(folder, file), "utf8");
  const { name, license } = manifestOf(folder);
  if (license === undefined)
    throw new Error(`Expected package ${name} to name its licence but got none`);
  return `${license}\n`;
}

function part(title: string, text: string): string {
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n\n${text.trim()}\n`;
}
