import type { JetpackRelease } from "./catalog/jetpack-release.ts";
import { compareVersions } from "./catalog/versions.ts";

export interface InstalledPackage {
  name: string;
  version: string;
}

/** Reads `dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'`, or `dpkg -l`; removed ones are left out. */
export function parsePackages(text: string): InstalledPackage[] {
  const packages: InstalledPackage[] = [];
  for (const line of text.split("\n")) {
    const listed = /^(\w\w)\s+([^\s:]+)(?::\w+)?\s+(\S+)\s+(?:arm64|all|amd64)\b/.exec(line);
    const queried = /^([^\s:]+)(?::\w+)?[\t ]+(\d\S*)(?:[\t ]+(\w\w))?\s*$/.exec(line);
    if (listed?.[1]?.[1] === "i")
      packages.push({ name: listed[2] ?? "", version: listed[3] ?? "" });
    else if (!listed && queried && (queried[3]?.[1] ?? "i") === "i") {
      packages.push({ name: queried[1] ?? "", version: queried[2] ?? "" });
    }
  }
  return packages;
}

export interface PackageFinding {
  part: string;
  state: "installed" | "missing" | "mismatched";
  /** Package that answers for the part; null when none is installed. */
  package: InstalledPackage | null;
  expected: string;
}

interface Part {
  part: string;
  name: RegExp;
  expected: (release: JetpackRelease) => string | null;
}

const major = (version: string): string => version.split(".")[0] ?? version;

const PARTS: readonly Part[] = [
  { part: "L4T", name: /^nvidia-l4t-core$/, expected: ({ l4t }) => l4t[0] ?? null },
  { part: "TensorRT", name: /^libnvinfer\d+$/, expected: ({ tensorrt }) => tensorrt },
  {
    part: "TensorRT plugins",
    name: /^libnvinfer-plugin\d+$/,
    expected: ({ tensorrt }) => tensorrt,
  },
  {
    part: "TensorRT ONNX parser",
    name: /^libnvonnxparsers\d+$/,
    expected: ({ tensorrt }) => tensorrt,
  },
  { part: "cuDNN", name: /^libcudnn\d+(-cuda-\d+)?$/, expected: ({ cudnn }) => cudnn },
  { part: "VPI", name: /^libnvvpi\d+$/, expected: ({ vpi }) => vpi },
  {
    part: "DLA compiler",
    name: /^nvidia-l4t-dla-compiler$/,
    // Only R36 and R38 ship it as a package of its own.
    expected: ({ l4t }) => (["36", "38"].includes(major(l4t[0] ?? "")) ? (l4t[0] ?? null) : null),
  },
];

/** Which parts of a JetPack release are installed, missing, or of another release. */
export function judgePackages(
  packages: readonly InstalledPackage[],
  release: JetpackRelease,
): PackageFinding[] {
  return PARTS.flatMap(({ part, name, expected }): PackageFinding[] => {
    const wanted = expected(release);
    if (wanted === null) return [];
    const found = packages.find((one) => name.test(one.name)) ?? null;
    if (found === null) return [{ part, state: "missing", package: null, expected: wanted }];
    const fits = part === "L4T" ? fitsL4t(found, release) : sameRelease(found.version, wanted);
    const state = fits ? "installed" : "mismatched";
    return [{ part, state, package: found, expected: wanted }];
  });
}

/** A release row holds several L4T versions; the package says the exact one, `35.6.4-20260126234748`. */
function fitsL4t({ version }: InstalledPackage, { l4t }: JetpackRelease): boolean {
  const bare = version.split("-")[0] ?? "";
  return l4t.some((one) => compareVersions(bare, one) === 0);
}

/** `8.2.1-1+cuda10.2` is 8.2.1; the table gives as many parts as are known. */
function sameRelease(version: string, expected: string): boolean {
  const bare = version.split(/[-+]/)[0] ?? "";
  return compareVersions(bare, expected, expected.split(".").length) === 0;
}

/**
 * JetPack 4.2 to 4.5.1 have two builds of TensorRT with one name and version: for Xavier with DLA, for TX2 and
 * Nano without. A package pool for a fleet must keep them apart by chip.
 */
export function needsSocSpecificPackages({ tensorrt }: JetpackRelease): boolean {
  return compareVersions(tensorrt, "5.0", 2) >= 0 && compareVersions(tensorrt, "8.0", 2) < 0;
}
