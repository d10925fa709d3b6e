import { jetpackRelease } from "../boards/catalog/index.ts";
import {
  type InstalledPackage,
  judgePackages,
  type PackageFinding,
  parsePackages,
} from "../boards/index.ts";

/** What a plan takes for granted: the libraries with which JetPack runs models. */
export interface LibraryFacts {
  /** Version that is installed; null when none is, or when the board does not tell. */
  tensorrt: string | null;
  /** What is missing or of another release; null when that cannot be told. */
  libraryFaults: string[] | null;
}

/** Part of the probe's script. Nothing is said where there is no dpkg, as on images that are not NVIDIA's. */
export const READ_PACKAGES = `
packages() {
  dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' \\
    'libnvinfer*' 'libnvonnxparsers*' 'libcudnn*' | head -n 100
}
if command -v dpkg-query > /dev/null; then say packages packages; fi`;

export function judgeLibraries(
  answer: (name: string) => string | null,
  jetpack: string | null,
): LibraryFacts {
  const text = answer("packages");
  if (text === null) return { tensorrt: null, libraryFaults: null };
  const installed = parsePackages(text);
  const release = jetpack === null ? null : jetpackRelease(jetpack);
  const findings = release === null ? null : judgePackages(installed, release).filter(isLibrary);
  const judged = findings?.find(({ part }) => part === "TensorRT")?.package;
  const tensorrt = judged ?? installed.find(({ name }) => /^libnvinfer\d+$/.test(name)) ?? null;
  return {
    tensorrt: tensorrt && versionOf(tensorrt),
    libraryFaults: findings && faultsOf(findings, jetpack ?? ""),
  };
}

function isLibrary({ part }: PackageFinding): boolean {
  return part.startsWith("TensorRT") || part === "cuDNN";
}

function faultsOf(findings: readonly PackageFinding[], jetpack: string): string[] {
  const missing = findings.filter(({ state }) => state === "missing");
  const other = findings.flatMap(({ part, state, package: found, expected }) =>
    state === "mismatched" && found ? [`${part} ${versionOf(found)} in place of ${expected}`] : [],
  );
  const named = missing.map(({ part, expected }) => `${part} ${expected}`);
  return [
    ...(named.length > 0
      ? [`not all of JetPack ${jetpack} is installed: ${named.join(", ")}`]
      : []),
    ...(other.length > 0 ? [`not all is of JetPack ${jetpack}: ${other.join(", ")}`] : []),
  ];
}

/** `8.2.1-1+cuda10.2` is 8.2.1. */
function versionOf({ version }: InstalledPackage): string {
  return version.split(/[-+]/)[0] ?? version;
}
