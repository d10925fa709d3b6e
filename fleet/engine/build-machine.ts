import {
  best,
  gpuShare,
  type Module,
  moduleOfPart,
  type PowerModeFacts,
  releasesFor,
  SOCS,
  type SocId,
} from "../boards/catalog/index.ts";
import {
  type InstalledPackage,
  identify,
  identifyModule,
  jetpackOfL4t,
  type ModuleEvidence,
  type PowerModeFile,
  parsePackages,
} from "../boards/index.ts";
import type { EngineFacts } from "./engine-key.ts";

/** The part of an engine's facts that is the device's, not the model's. */
export type BuildMachine = Pick<
  EngineFacts,
  | "backend"
  | "version"
  | "packageVersion"
  | "l4t"
  | "soc"
  | "computeCapability"
  | "module"
  | "multiprocessors"
  | "plugins"
>;

/** What the files and tools of a Jetson say; null where one is absent. */
export interface BoardReadings extends ModuleEvidence {
  /** `/etc/nv_tegra_release`. */
  tegraRelease: string | null;
  /** `dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'`. */
  packages: string | null;
  /** Of `nvpmodel -q`. */
  powerMode: string | null;
  /** `/etc/nvpmodel.conf`, read. */
  powerModes: PowerModeFile | null;
}

/** Machines that fit what is known, and what is not known of them: of a board one machine, or none. */
export interface BuildMachines {
  machines: BuildMachine[];
  /** In words, with where one would look. */
  unknown: string[];
}

/** Plugin library that engines may use, as its package is named without its major version. */
const PLUGINS = "libnvinfer-plugin";

/** What a Jetson is to an engine, by what it says itself. */
export function machineOfBoard(readings: BoardReadings): BuildMachines {
  const { partNumber } = identifyModule(readings);
  const { l4t } = identify(readings);
  const module = partNumber === null ? null : moduleOfPart(partNumber);
  const packages = parsePackages(readings.packages ?? "");
  const tensorrt = newest(packages, /^libnvinfer\d+$/);
  const plugins = newest(packages, /^libnvinfer-plugin\d+$/);
  const unknown = [
    ...(module === null ? [`which module it is: ${partNumber ?? "no part number"}`] : []),
    ...(l4t === null ? ["its L4T: no /etc/nv_tegra_release"] : []),
    ...(tensorrt === null ? ["its TensorRT: no package libnvinfer is installed"] : []),
  ];
  if (module === null || l4t === null || tensorrt === null) return { machines: [], unknown };
  const mode = readings.powerModes?.modes.find(({ name }) => name === readings.powerMode);
  const facts = mode && mode.tpcPgMask !== null && maskOf(mode.id, mode.name, mode.tpcPgMask);
  const software = { l4t, part: partNumber ?? "", tensorrt, plugins };
  const machine = machineOf(module, facts || null, software);
  return machine === null
    ? { machines: [], unknown: [`how many multiprocessors ${module.title} has`] }
    : { machines: [machine], unknown: [] };
}

/** What a PC's card is to an engine, by its backend: the library tells its own version, the driver the card. */
export interface CardReadings {
  backend: string;
  version: string | null;
  gpu: { name: string; computeCapability: number; multiprocessors: number } | null;
  /** Why there is none, in the driver's words or the backend's. */
  noGpu: string | null;
  /** `dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'`. */
  packages: string | null;
}

/** What is not told is not guessed: no engine can then be named. */
export function machineOfCard({
  backend,
  version,
  gpu,
  noGpu,
  packages,
}: CardReadings): BuildMachines {
  const unknown = [
    ...(backend === "tensorrt" || backend === "tensorrt-rtx" ? [] : [`an engine of ${backend}`]),
    ...(version === null ? ["which version its library has"] : []),
    ...(gpu === null ? [`its GPU: ${noGpu ?? "the backend tells none"}`] : []),
  ];
  if (gpu === null || version === null || unknown.length > 0) return { machines: [], unknown };
  const installed = parsePackages(packages ?? "");
  const isRtx = backend === "tensorrt-rtx";
  const plugins = isRtx ? null : newest(installed, /^libnvinfer-plugin\d+$/);
  const digits = String(gpu.computeCapability);
  return {
    machines: [
      {
        ...{ backend: isRtx ? "tensorrt-rtx" : "tensorrt", version },
        packageVersion: isRtx ? null : newest(installed, /^libnvinfer\d+$/),
        ...{ l4t: null, module: null, soc: gpu.name },
        computeCapability: `${digits.slice(0, -1)}.${digits.slice(-1)}`,
        multiprocessors: gpu.multiprocessors,
        plugins: plugins === null ? {} : { [PLUGINS]: plugins },
      },
    ],
    unknown: [],
  };
}

/** What a module will be to an engine under a JetPack release: one for each part number and L4T that it may have. */
export function machinesOfModule(
  module: Module,
  { jetpack, powerMode, l4t }: { jetpack: string; powerMode: PowerModeFacts | null; l4t?: string },
): BuildMachines {
  const release = releasesFor(module).find(({ versions }) => versions.includes(jetpack));
  const tensorrt = release && PACKAGES.get(release.tensorrt);
  const unknown = [
    ...(release === undefined ? [`what JetPack ${jetpack} holds for ${module.title}`] : []),
    ...(release && tensorrt === undefined
      ? [`which package of TensorRT ${release.tensorrt} JetPack ${jetpack} installs`]
      : []),
  ];
  if (release === undefined || tensorrt === undefined) return { machines: [], unknown };
  const all =
    l4t === undefined ? release.l4t.filter((one) => jetpackOfL4t(one) === jetpack) : [l4t];
  const machines = all.flatMap((one) =>
    module.partNumbers.flatMap((part) => {
      const software = { l4t: one, part, tensorrt, plugins: tensorrt };
      return machineOf(module, powerMode, software) ?? [];
    }),
  );
  return { machines, unknown: machines.length > 0 ? [] : ["its multiprocessors"] };
}

interface Software {
  l4t: string;
  /** "p3310-1000". */
  part: string;
  /** Versions of packages, "8.2.1-1+cuda10.2". */
  tensorrt: string;
  plugins: string | null;
}

function machineOf(
  module: Module,
  mode: PowerModeFacts | null,
  { l4t, part, tensorrt, plugins }: Software,
): BuildMachine | null {
  const soc = SOCS[module.soc];
  const cores = best(module.cudaCores);
  if (cores === null) return null;
  return {
    backend: "tensorrt",
    version: tensorrt.split(/[-+]/)[0]?.split(".").slice(0, 3).join(".") ?? tensorrt,
    packageVersion: tensorrt,
    // R36.4.0 is written both ways.
    l4t: l4t.replace(/^(\d+\.\d+)\.0$/, "$1"),
    soc: socName(module.soc),
    computeCapability: soc.computeCapability,
    module: part.replace(/^p/, ""),
    multiprocessors: Math.round((cores / soc.cudaCoresPerSm) * gpuShare(module, mode)),
    plugins: plugins === null ? {} : { [PLUGINS]: plugins },
  };
}

function maskOf(id: number, name: string, tpcPgMask: number): PowerModeFacts {
  return { id, name, tpcPgMask };
}

/** "tegra194", as the device tree has it. */
function socName(soc: SocId): string {
  return soc.replace(/^t(?=\d)/, "tegra");
}

/** TensorRT's packages by the version that the JetPack table has (facts of meta-tegra and of NVIDIA's package lists). */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["8.2.1", "8.2.1-1+cuda10.2"],
  ["8.5.2", "8.5.2-1+cuda11.4"],
  ["10.3.0", "10.3.0.30-1+cuda12.5"],
  ["10.3.0.30", "10.3.0.30-1+cuda12.5"],
]);

function newest(packages: readonly InstalledPackage[], name: RegExp): string | null {
  const found = packages.filter((one) => name.test(one.name));
  // Two generations side by side: nobody can say which one an engine is built with.
  return found.length === 1 ? (found[0]?.version ?? null) : null;
}
