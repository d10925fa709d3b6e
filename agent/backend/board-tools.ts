import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FleetError } from "../../fleet/errors/index.ts";
import { outputOf } from "../board/ask.ts";

/** TensorRT's headers on this board. */
export interface Headers {
  folder: string;
  /** "8.5", "rtx-1.7": as objects are named. */
  name: string;
  /** Of NvInferVersion.h, which differs for every release. */
  versionText: string;
}

export interface Compiler {
  command: string;
  /** First line of what it says of itself. */
  version: string;
}

const NEEDED = {
  "NvInfer.h": "libnvinfer-dev",
  "NvInferVersion.h": "libnvinfer-dev",
  "NvOnnxParser.h": "libnvonnxparsers-dev",
} as const;

const COMPILERS = ["g++", "clang++", "c++"];

/** Where Ubuntu's packages put them, by processor as Node calls it. */
export function headerFolders(arch: string = process.arch): string[] {
  const machine = { arm64: "aarch64-linux-gnu", x64: "x86_64-linux-gnu" }[arch];
  return [...(machine === undefined ? [] : [`/usr/include/${machine}`]), "/usr/include"];
}

/**
 * The headers of the library that is installed. Throws NATIVE_LOAD, with the package to install, when some are missing
 * or of another version: what is made with them would call other functions than it means. `installed`: "8.5.2-1+cuda11.4";
 * null: any will do.
 */
export async function findHeaders(
  folders: readonly string[],
  installed: string | null,
): Promise<Headers> {
  let missing: (keyof typeof NEEDED)[] = [];
  for (const folder of folders) {
    const texts = await Promise.all(
      Object.keys(NEEDED).map((name) => readFile(join(folder, name), "utf8").catch(() => null)),
    );
    const absent = (Object.keys(NEEDED) as (keyof typeof NEEDED)[]).filter(
      (_, index) => texts[index] === null,
    );
    const versionText = texts[1];
    if (absent.length > 0 || typeof versionText !== "string") {
      if (missing.length === 0 || absent.length < missing.length) missing = absent;
      continue;
    }
    return matching({ folder, name: nameOf(versionText, folder), versionText }, installed);
  }
  const packages = [...new Set(missing.map((name) => NEEDED[name]))].join(" ");
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected TensorRT's headers in ${folders.join(" or ")} but ${missing.join(", ") || "all"} is missing`,
    {
      hint: `On the board: sudo apt-get install ${packages || "libnvinfer-dev"}, then deploy again.`,
    },
  );
}

function matching(headers: Headers, installed: string | null): Headers {
  const ofLibrary = installed?.split(".").slice(0, 2).join(".") ?? headers.name;
  if (headers.name === ofLibrary) return headers;
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected headers of TensorRT ${installed} but those in ${headers.folder} are of ${headers.name}`,
    {
      hint: `On the board: sudo apt-get install libnvinfer-dev=${installed} libnvonnxparsers-dev=${installed}, then deploy again.`,
    },
  );
}

/** "8.5" or "rtx-1.7" by NvInferVersion.h. Throws NATIVE_LOAD for a text that says neither. */
export function nameOf(versionText: string, folder: string): string {
  const number = (name: string): string | undefined =>
    new RegExp(`^\\s*#define\\s+${name}\\s+(\\d{1,4})\\b`, "m").exec(versionText)?.[1];
  const [rtxMajor, rtxMinor] = [number("TRT_MAJOR_RTX"), number("TRT_MINOR_RTX")];
  if (rtxMajor !== undefined && rtxMinor !== undefined) return `rtx-${rtxMajor}.${rtxMinor}`;
  const major = number("NV_TENSORRT_MAJOR") ?? number("TRT_MAJOR_ENTERPRISE");
  const minor = number("NV_TENSORRT_MINOR") ?? number("TRT_MINOR_ENTERPRISE");
  if (major !== undefined && minor !== undefined) return `${major}.${minor}`;
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected a version of TensorRT in ${join(folder, "NvInferVersion.h")} but found none`,
    { hint: "On the board: sudo apt-get install --reinstall libnvinfer-dev, then deploy again." },
  );
}

/** The first compiler of C++17 that answers. Throws NATIVE_LOAD with the package to install. */
export async function findCompiler(commands: readonly string[] = COMPILERS): Promise<Compiler> {
  for (const command of commands) {
    const answer = await outputOf(command, ["--version"]);
    const version = answer?.split("\n")[0]?.trim();
    if (version) return { command, version };
  }
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected a C++ compiler (${commands.join(", ")}) but none is installed`,
    { hint: "On the board: sudo apt-get install g++, then deploy again." },
  );
}
