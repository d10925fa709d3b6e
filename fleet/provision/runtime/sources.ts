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

interface MachineKind {
  /** As Node calls it. */
  arch: string;
  /** e_machine of the ELF header. */
  elfMachine: number;
  /** Where this clone builds what is native. */
  built: string;
  /** What makes it there. */
  remedy: string;
}

/** Made for the oldest JetPack, so never what a machine of this kind builds for itself. */
const AARCH64: MachineKind = {
  arch: "arm64",
  elfMachine: 183,
  built: "native/build/aarch64",
  remedy: "Run `npm run setup -- --boards aarch64`, then this again.",
};
const X86_64: MachineKind = {
  arch: "x64",
  elfMachine: 62,
  built: "native/build",
  remedy: "Run `npm run setup` on a machine of type x86_64, then this again there.",
};
const KIND_BY_MACHINE: Record<string, MachineKind> = { x86_64: X86_64, aarch64: AARCH64 };

const AGENT = "agent/build/agent.cjs";
/** What a board compiles against its own TensorRT. */
const BACKEND_SOURCE = "agent/build/backend-source.json";
/** Of all that is put onto boards. */
const LICENCES = "agent/build/LICENSES.txt";
const NATIVE = ["jetfleet.node", "libjetfleet-backend-onnxruntime.so"];

/** Every file that a release for some target takes from this machine; null when not even one for boards like it is built. */
export async function findAllFiles(): Promise<string[] | null> {
  const kinds = Object.values(KIND_BY_MACHINE);
  const agent = join(root, AGENT);
  const packaged = kinds.flatMap(({ arch }) => [
    packageFile(`node16-linux-${arch}`, "bin/node"),
    packageFile(`node-linux-${arch}`, "bin/node"),
    onnxRuntime(arch),
  ]);
  const paths = [
    agent,
    ...[BACKEND_SOURCE, LICENCES].map((path) => join(root, path)),
    ...kinds.flatMap(nativeFiles),
    ...packaged,
  ];
  const answers = await Promise.all(paths.map(isThere));
  const there = new Set(paths.filter((_, index) => answers[index]));
  const some = kinds.some((kind) => nativeFiles(kind).every((path) => there.has(path)));
  return some && there.has(agent) ? [...there] : null;
}

function nativeFiles({ built }: MachineKind): string[] {
  return NATIVE.map((name) => join(root, built, name));
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The files of a runtime for a target, all there and made for its machine; SETUP_MISSING names what is not. */
export async function findSources(target: RuntimeTarget): Promise<RuntimeSource[]> {
  const kind = KIND_BY_MACHINE[target.machine];
  if (!kind) {
    throw new FleetError(
      "BOARD_UNKNOWN",
      `Expected a board of machine x86_64 or aarch64 but got ${target.machine || "nothing"}`,
    );
  }
  const { arch } = kind;
  const sources = [
    source("bin/node", packageFile(nodePackage(target.l4t, arch), "bin/node"), true),
    ...[AGENT, BACKEND_SOURCE, LICENCES].map((path) => source(basename(path), join(root, path))),
    ...nativeFiles(kind).map((path) => source(basename(path), path)),
    source("libonnxruntime.so", onnxRuntime(arch)),
  ];
  for (const { path } of sources) await requireReadable(path, kind);
  for (const { path } of sources) {
    if (path.endsWith(".node") || path.endsWith(".so")) await requireElf(path, kind, target);
  }
  return sources;
}

/** JetPack 4 (L4T 32) has a C library too old for any Node after 16 (facts: Node 18 needs glibc 2.28). */
export function nodePackage(l4t: string, arch: string): string {
  const major = Number.parseInt(l4t, 10);
  return major <= 32 ? `node16-linux-${arch}` : `node-linux-${arch}`;
}

/** What a target gets, and why, for people. */
export function describeRuntime({ l4t, machine }: RuntimeTarget): string {
  const oldLibraries = nodePackage(l4t, "").startsWith("node16");
  const node = oldLibraries ? "Node 16, for its C library is of 2018" : "Node 24";
  return `${node}; agent, addon and ONNX Runtime for ${machine}`;
}

/** ONNX Runtime as its makers publish it. Releases after 1.27 need glibc 2.28; JetPack 4 has 2.27. */
export function onnxRuntime(arch: string): string {
  return packageFile("onnxruntime-node", `bin/napi-v6/linux/${arch}/libonnxruntime.so.1`);
}

function source(name: string, path: string, executable = false): RuntimeSource {
  return { name, path, executable };
}

/** npm installs what is for this machine alone; of another's, the set-up for its boards brings what they need. */
function packageFile(name: string, file: string): string {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), file);
  } catch {
    return join(root, AARCH64.built, name, file);
  }
}

async function requireReadable(path: string, { remedy }: MachineKind): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new FleetError(
      "SETUP_MISSING",
      `Expected a part of the board's runtime at ${path} but it is absent`,
      { hint: remedy, cause },
    );
  });
}

async function requireElf(path: string, kind: MachineKind, target: RuntimeTarget): Promise<void> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    if (bytesRead === 20 && buffer.readUInt16LE(18) === kind.elfMachine) return;
  } finally {
    await file.close();
  }
  throw new FleetError(
    "SETUP_MISSING",
    `Expected ${path} built for ${target.machine} but it is for another machine`,
    { hint: kind.remedy },
  );
}
