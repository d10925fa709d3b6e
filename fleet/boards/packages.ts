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
    const queried = /^([a-z0-9][^\s:]*)(?::\w+)?[\t ]+(\d\S*)(?:[\t ]+(\w\w))?\s*$/.exec(line);
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
  /** Versions of the release that fit, as many digits of them as are known; null where it has no such part. */
  expected: (release: JetpackRelease) => readonly string[] | null;
}

const major = (version: string): string => version.split(".")[0] ?? version;
const twoDigits = (version: string): string => version.split(".").slice(0, 2).join(".");

/** L4T comes in packages from R32.3.1 on; before, the image was flashed whole. */
const l4tPackages = ({ l4t }: JetpackRelease): readonly string[] | null =>
  compareVersions(l4t[0] ?? "0", "32.3.1") < 0 ? null : l4t;

const PARTS: readonly Part[] = [
  { part: "L4T", name: /^nvidia-l4t-core$/, expected: l4tPackages },
  { part: "CUDA driver", name: /^nvidia-l4t-cuda$/, expected: l4tPackages },
  { part: "GStreamer plugins", name: /^nvidia-l4t-gstreamer$/, expected: l4tPackages },
  { part: "multimedia", name: /^nvidia-l4t-multimedia$/, expected: l4tPackages },
  {
    part: "CUDA runtime",
    name: /^cuda-cudart-\d+-\d+$/,
    expected: ({ cuda }) => [twoDigits(cuda)],
  },
  { part: "TensorRT", name: /^libnvinfer\d+$/, expected: ({ tensorrt }) => [tensorrt] },
  {
    part: "TensorRT plugins",
    name: /^libnvinfer-plugin\d+$/,
    expected: ({ tensorrt }) => [tensorrt],
  },
  {
    part: "TensorRT ONNX parser",
    name: /^libnvonnxparsers\d+$/,
    expected: ({ tensorrt }) => [tensorrt],
  },
  { part: "cuDNN", name: /^libcudnn\d+(-cuda-\d+)?$/, expected: ({ cudnn }) => [cudnn] },
  { part: "VPI", name: /^libnvvpi\d+$/, expected: ({ vpi }) => vpi?.map(twoDigits) ?? null },
  {
    part: "DLA compiler",
    name: /^nvidia-l4t-dla-compiler$/,
    // Only R36 and R38 ship it as a package of its own.
    expected: ({ l4t }) => (["36", "38"].includes(major(l4t[0] ?? "")) ? l4t : null),
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
    const found = packages.filter((one) => name.test(one.name));
    const fitting = found.find(({ version }) => wanted.some((one) => sameRelease(version, one)));
    const shown = fitting ?? found[0] ?? null;
    const state = fitting ? "installed" : shown ? "mismatched" : "missing";
    return [{ part, state, package: shown, expected: wanted.join(" or ") }];
  });
}

/** `8.2.1-1+cuda10.2` is 8.2.1, `35.6.4-2026…` is 35.6.4; the table gives as many digits as are known. */
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
