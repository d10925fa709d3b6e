import { access, open } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { FleetError } from "../../errors/index.ts";

export interface RuntimeTarget {
  /** Such as `32.7.1`; decides which Node runs there. */
  l4t: string;
  /** `uname -m` of the board. */
  machine: string;
}

export interface RuntimeSource {
  /** Path inside the release, such as `bin/node`. */
  name: string;
  path: string;
  executable: boolean;
}

const root = join(import.meta.dirname, "../../..");
const require = createRequire(import.meta.url);

const ARCH_BY_MACHINE: Record<string, { arch: string; elfMachine: number }> = {
  // e_machine of the ELF header.
  x86_64: { arch: "x64", elfMachine: 62 },
  aarch64: { arch: "arm64", elfMachine: 183 },
};

/** What this clone builds itself. */
const BUILT = [
  "agent/build/agent.cjs",
  "native/build/jetfleet.node",
  "native/build/libjetfleet-backend-onnxruntime.so",
];

/** Every file that a release for some target takes from this machine; null when one that is built here is absent. */
export async function findAllFiles(): Promise<string[] | null> {
  const built = BUILT.map((path) => join(root, path));
  const packaged = Object.values(ARCH_BY_MACHINE).flatMap(({ arch }) => [
    packageFile(`node16-linux-${arch}`, "bin/node"),
    packageFile(`node-linux-${arch}`, "bin/node"),
    onnxRuntime(arch),
  ]);
  const present = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  const there = await Promise.all([...built, ...packaged].map(present));
  if (there.slice(0, built.length).includes(false)) return null;
  return [...built, ...packaged].filter((_, index) => there[index]);
}

/** The files of a runtime for a target, all there and made for its machine; SETUP_MISSING names what is not. */
export async function findSources(target: RuntimeTarget): Promise<RuntimeSource[]> {
  const known = ARCH_BY_MACHINE[target.machine];
  if (!known) {
    throw new FleetError(
      "BOARD_UNKNOWN",
      `Expected a board of machine x86_64 or aarch64 but got ${target.machine || "nothing"}`,
    );
  }
  const { arch, elfMachine } = known;
  const sources = [
    source("bin/node", packageFile(nodePackage(target.l4t, arch), "bin/node"), true),
    ...BUILT.map((path) => source(basename(path), join(root, path))),
    source("libonnxruntime.so", onnxRuntime(arch)),
  ];
  for (const { path } of sources) await requireReadable(path);
  for (const { path } of sources) {
    if (path.endsWith(".node") || path.endsWith(".so")) await requireElf(path, elfMachine, target);
  }
  return sources;
}

/** JetPack 4 (L4T 32) has a C library too old for any Node after 16 (facts: Node 18 needs glibc 2.28). */
export function nodePackage(l4t: string, arch: string): string {
  const major = Number.parseInt(l4t, 10);
  return major <= 32 ? `node16-linux-${arch}` : `node-linux-${arch}`;
}

/** ONNX Runtime as its makers publish it. Releases after 1.27 need glibc 2.28; JetPack 4 has 2.27. */
export function onnxRuntime(arch: string): string {
  return packageFile("onnxruntime-node", `bin/napi-v6/linux/${arch}/libonnxruntime.so.1`);
}

function source(name: string, path: string, executable = false): RuntimeSource {
  return { name, path, executable };
}

function packageFile(name: string, file: string): string {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), file);
  } catch {
    return join(root, "node_modules", name, file);
  }
}

async function requireReadable(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new FleetError(
      "SETUP_MISSING",
      `Expected a part of the board's runtime at ${path} but it is absent`,
      {
        cause,
      },
    );
  });
}

async function requireElf(path: string, elfMachine: number, target: RuntimeTarget): Promise<void> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    if (buffer.readUInt16LE(18) === elfMachine) return;
  } finally {
    await file.close();
  }
  throw new FleetError(
    "SETUP_MISSING",
    `Expected ${path} built for ${target.machine} but it is for another machine`,
    {
      hint: `Build native/ on a machine of type ${target.machine}; building for other machines is not yet supported.`,
    },
  );
}
