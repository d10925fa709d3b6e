import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import {
  JETPACK_RELEASES,
  MODULES,
  type Module,
  type PowerModeFacts,
  releasesFor,
} from "../../../fleet/boards/catalog/index.ts";
import { jetpackOfL4t, parsePowerModeFile } from "../../../fleet/boards/index.ts";
import {
  type BoardReadings,
  type BuildMachine,
  type EngineKey,
  engineFacts,
  engineKey,
  machineOfBoard,
  machineOfCard,
  machinesOfModule,
} from "../../../fleet/engine/index.ts";

const MODEL = `sha256:${"a".repeat(64)}`;
/** Of each JetPack whose packages are known: what dpkg says. */
const TENSORRT = new Map([
  ["8.2.1", ["libnvinfer8", "libnvinfer-plugin8", "8.2.1-1+cuda10.2"]],
  ["8.5.2", ["libnvinfer8", "libnvinfer-plugin8", "8.5.2-1+cuda11.4"]],
  ["10.3.0", ["libnvinfer10", "libnvinfer-plugin10", "10.3.0.30-1+cuda12.5"]],
  ["10.3.0.30", ["libnvinfer10", "libnvinfer-plugin10", "10.3.0.30-1+cuda12.5"]],
] as const);

/** What a unit with that module, image and power mode says of itself. */
function readings(
  part: string,
  l4t: string,
  tensorrt: readonly [string, string, string],
  mode: PowerModeFacts,
): BoardReadings {
  const [major, rest] = [l4t.split(".")[0], l4t.split(".").slice(1).join(".")];
  const [library, plugin, version] = tensorrt;
  const mask =
    mode.tpcPgMask === undefined ? "" : `TPC_POWER_GATING TPC_PG_MASK ${mode.tpcPgMask}\n`;
  return {
    eeprom: null,
    boardIds: `${part.slice(1).replace("-", ":")}:B00\0`,
    dtsFilename: null,
    compatible: null,
    model: null,
    memTotalKib: null,
    tegraRelease: `# R${major} (release), REVISION: ${rest}, GCID: 1, BOARD: generic, EABI: aarch64, DATE: x\n`,
    packages: `${library} ${version} ii\n${plugin} ${version} ii\nlibnvinfer-bin ${version} ii\n`,
    powerMode: mode.name,
    powerModes: parsePowerModeFile(`< POWER_MODEL ID=${mode.id} NAME=${mode.name} >\n${mask}`),
  };
}

interface Board {
  title: string;
  module: Module;
  jetpack: string;
  mode: PowerModeFacts;
  part: string;
  l4t: string;
  tensorrt: readonly [string, string, string];
}

/** Every module, in every power mode, with every image whose TensorRT is known. */
const BOARDS: Board[] = MODULES.flatMap((module) =>
  releasesFor(module).flatMap((release) => {
    const tensorrt = TENSORRT.get(release.tensorrt as "8.2.1");
    if (tensorrt === undefined) return [];
    return release.l4t.flatMap((l4t) => {
      const jetpack = jetpackOfL4t(l4t);
      if (jetpack === null || !release.versions.includes(jetpack)) return [];
      return module.powerModes.modes.flatMap((mode) =>
        module.partNumbers.map((part) => {
          const title = `${part} with R${l4t} in ${mode.name}`;
          return { title, module, jetpack, mode, part, l4t, tensorrt };
        }),
      );
    });
  }),
);

const PLANNED = new Map<string, ReturnType<typeof machinesOfModule>>();

/** The same for all units of a module, image and mode. */
function plannedOf(module: Module, jetpack: string, powerMode: PowerModeFacts) {
  const name = [module.id, jetpack, powerMode.name].join(" ");
  const known = PLANNED.get(name) ?? machinesOfModule(module, { jetpack, powerMode });
  PLANNED.set(name, known);
  return known;
}

function keyOf(machine: BuildMachine): EngineKey {
  return engineKey(engineFacts(machine, { model: MODEL, accelerator: "gpu", precision: "fp16" }));
}

describe("the engine key of a board", () => {
  it("is made for modules of all families", () => {
    expect(BOARDS.length).toBeGreaterThan(100);
    expect(new Set(BOARDS.map(({ module }) => module.soc)).size).toBeGreaterThanOrEqual(4);
    expect(JETPACK_RELEASES.length).toBeGreaterThan(0);
  });

  it("is the same by what the board says and by the catalogue, for every module, image and power mode", () => {
    const keyed = new Set<string>();
    for (const { title, module, jetpack, mode, part, l4t, tensorrt } of BOARDS) {
      const own = machineOfBoard(readings(part, l4t, tensorrt, mode));
      const planned = plannedOf(module, jetpack, mode);
      const [machine] = own.machines;
      if (machine === undefined) throw new Error(`${title}: ${own.unknown.join()}`);
      const same = planned.machines.find((one) => isDeepStrictEqual(one, machine));
      if (same === undefined) expect(planned.machines, title).toContainEqual(machine);
      else if (keyed.has(module.id)) continue;
      else expect(keyOf(same), title).toEqual(keyOf(machine));
      keyed.add(module.id);
    }
  });

  it("is one alone where the planner knows part number and L4T", () => {
    const xavier = MODULES.find(({ partNumbers }) => partNumbers.includes("p2888-0004"));
    if (xavier === undefined) throw new Error("no such module");
    const [powerMode] = xavier.powerModes.modes;
    const { machines } = machinesOfModule(
      { ...xavier, partNumbers: ["p2888-0004"] },
      { jetpack: "5.1.2", l4t: "35.4.1", powerMode: powerMode ?? null },
    );
    expect(machines).toMatchObject([
      { soc: "tegra194", module: "2888-0004", version: "8.5.2", multiprocessors: 8 },
    ]);
  });

  it("differs between power modes that leave other multiprocessors on", () => {
    const xavier = BOARDS.filter(({ part }) => part === "p2888-0004");
    const counts = xavier.map(
      ({ part, l4t, tensorrt, mode }) =>
        machineOfBoard(readings(part, l4t, tensorrt, mode)).machines[0]?.multiprocessors,
    );
    expect(new Set(counts).size).toBeGreaterThan(1);
  });
});

describe("what cannot be known is said, not guessed", () => {
  const [any] = BOARDS;
  if (any === undefined) throw new Error("no boards");
  const whole = readings(any.part, any.l4t, any.tensorrt, any.mode);

  it.each<[string, Partial<BoardReadings>, RegExp]>([
    ["the module", { boardIds: null }, /which module it is/],
    ["L4T", { tegraRelease: null }, /its L4T/],
    ["TensorRT", { packages: "bash 5.1 ii\n" }, /no package libnvinfer/],
    [
      "which TensorRT of two",
      { packages: `${whole.packages}libnvinfer7 7.1.3-1 ii\n` },
      /libnvinfer/,
    ],
    ["anything", { packages: null, tegraRelease: "?", boardIds: "x" }, /which module/],
  ])("of a board: %s", (_what, change, why) => {
    const { machines, unknown } = machineOfBoard({ ...whole, ...change });
    expect(machines).toEqual([]);
    expect(unknown.join("; ")).toMatch(why);
  });

  it("of a module: the packages of a release that nobody has looked into", () => {
    const nano = MODULES.find(({ soc }) => soc === "t210");
    if (nano === undefined) throw new Error("no such module");
    const { machines, unknown } = machinesOfModule(nano, { jetpack: "4.3", powerMode: null });
    expect(machines).toEqual([]);
    expect(unknown).toEqual(["which package of TensorRT 6.0.1 JetPack 4.3 installs"]);
    expect(machinesOfModule(nano, { jetpack: "9.9", powerMode: null }).unknown).toHaveLength(1);
  });
});

describe("a PC's card", () => {
  const T4 = { name: "Tesla T4", computeCapability: 75, multiprocessors: 40 };
  const told = { backend: "tensorrt", version: "10.6.0", gpu: T4, noGpu: null };
  const packages =
    "libnvinfer10 10.6.0.26-1+cuda12.6 ii\nlibnvinfer-plugin10 10.6.0.26-1+cuda12.6 ii\n";

  it("names engines by what library and driver tell, the number of multiprocessors among it", () => {
    const { machines, unknown } = machineOfCard({ ...told, packages });
    expect(unknown).toEqual([]);
    const { text } = engineKey(
      engineFacts(machines[0] as BuildMachine, {
        ...{ model: MODEL, accelerator: "gpu", precision: "fp16" },
      }),
    );
    expect(text).toContain("library tensorrt 10.6.0\npackage 10.6.0.26-1+cuda12.6\nsoc Tesla T4\n");
    expect(text).toContain("compute-capability 7.5\nmultiprocessors 40\n");
    const rtx = machineOfCard({ ...told, backend: "tensorrt-rtx", version: "1.7", packages });
    expect(rtx.machines[0]).toMatchObject({ packageVersion: null, plugins: {}, soc: "Tesla T4" });
    // One of ten thousand cores more is another key, and a card of compute capability 12.0 is not one of 1.20.
    const next = { ...T4, computeCapability: 120, multiprocessors: 41 };
    expect(machineOfCard({ ...told, gpu: next, packages: null }).machines[0]).toMatchObject({
      ...{ computeCapability: "12.0", multiprocessors: 41, packageVersion: null },
    });
  });

  it.each([
    ["no driver", { gpu: null, noGpu: "Cannot open the CUDA driver" }, /GPU: Cannot open the CUDA/],
    ["a backend that tells none", { gpu: null }, /GPU: the backend tells none/],
    ["a library without a version", { version: null }, /which version/],
    ["a backend of processors", { backend: "onnxruntime" }, /engine of onnxruntime/],
  ])("with %s is not named at all", (_what, change, why) => {
    const { machines, unknown } = machineOfCard({ ...told, packages, ...change });
    expect(machines).toEqual([]);
    expect(unknown.join("; ")).toMatch(why);
  });
});
