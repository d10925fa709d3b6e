import { describe, expect, it } from "vitest";
import {
  best,
  findModule,
  gpuShare,
  JETPACK_RELEASES,
  type Module,
  moduleOfPart,
  releasesFor,
  SOCS,
} from "../../fleet/boards/catalog/index.ts";
import { identify } from "../../fleet/boards/index.ts";

// The cells of the tables that the catalog was written from, typed in once more: what is `null` here nobody knows.

type Cell = number | null;
type ModuleCells = [
  id: string,
  parts: string,
  cuda: Cell,
  tensor: Cell,
  dla: Cell,
  gb: Cell,
  gbps: Cell,
  decode: Cell,
  encode: Cell,
];

const MODULE_CELLS: readonly ModuleCells[] = [
  ["nano", "p3448-0000 p3448-0002", 128, 0, 0, 4, 25.6, 500, 250],
  ["nano-2gb", "p3448-0003", 128, 0, 0, 2, null, 500, 250],
  ["tx1", "p2180-1000", 256, 0, 0, 4, 25.6, null, null],
  ["tx2", "p3310-1000", 256, 0, 0, 8, 59.7, 1000, 500],
  ["tx2i", "p3489-0000 p3489-1000", 256, 0, 0, 8, 51.2, 1000, 500],
  ["tx2-4gb", "p3489-0888", 256, 0, 0, 4, 51.2, 1000, 500],
  ["tx2-nx", "p3636-0001", 256, 0, 0, 4, 51.2, 1000, 500],
  ["xavier-nx", "p3668-0000 p3668-0001", 384, 48, 2, 8, 59.7, 1380, 928],
  ["xavier-nx-16gb", "p3668-0003", 384, 48, 2, 16, 59.7, 1380, 928],
  ["agx-xavier-8gb", "p2888-0006", 384, 48, 2, 8, 85.3, null, null],
  ["agx-xavier-16gb", "p2888-0001", 512, 64, 2, 16, 136.5, 3000, 2000],
  ["agx-xavier", "p2888-0003 p2888-0004", 512, 64, 2, 32, 136.5, 3000, 2000],
  ["agx-xavier-64gb", "p2888-0005", 512, 64, 2, 64, 136.5, 3000, 2000],
  ["agx-xavier-industrial", "p2888-0008", 512, 64, 2, 32, null, null, null],
  ["agx-orin-32gb", "p3701-0000 p3701-0004", 1792, 56, 2, 32, 204.8, null, null],
  ["agx-orin", "p3701-0005", 2048, 64, 2, 64, 204.8, null, null],
  ["agx-orin-industrial", "p3701-0008", null, null, 2, 64, null, null, null],
  ["igx-orin", "p3701-0002", null, null, 2, null, null, null, null],
  ["orin-nx-16gb", "p3767-0000", 1024, 32, 2, 16, 102.4, null, null],
  ["orin-nx-8gb", "p3767-0001", 1024, 32, 1, 8, 102.4, null, null],
  ["orin-nano-8gb", "p3767-0003 p3767-0005", 1024, 32, 0, 8, 68, null, 0],
  ["orin-nano-4gb", "p3767-0004", 512, 16, 0, 4, 34, null, 0],
  ["agx-thor", "p3834-0008", null, null, null, 128, null, null, null],
];

const POWER: Readonly<Record<string, string>> = {
  nano: "5 / 10 W",
  tx2: "7.5 / 15 W",
  tx2i: "10 / 20 W",
  "tx2-4gb": "7.5 / 15 W",
  "tx2-nx": "7.5 / 15 W",
  "xavier-nx": "10 / 15 / 20 W",
  "agx-xavier-8gb": "10 / 20 W",
  "agx-xavier": "10 / 15 / 30 W",
  "agx-xavier-industrial": "20 / 40 W",
  "agx-orin": "15 to 60 W",
};

function module(id: string): Module {
  const found = findModule(id);
  if (!found) throw new Error(`no module ${id}`);
  return found;
}

describe("every cell of the module table", () => {
  it.each(MODULE_CELLS)("%s", (id, parts, ...cells) => {
    const found = module(id);
    expect(found.partNumbers.toSorted().join(" ")).toBe(parts);
    expect([
      best(found.cudaCores),
      best(found.tensorCores),
      best(found.dlaCores),
      best(found.memoryGb),
      best(found.bandwidthGBps),
      best(found.decodeMpixPerSecond),
      best(found.encodeMpixPerSecond),
    ]).toEqual(cells);
  });

  it.each(Object.entries(POWER))("%s has a budget of %s", (id, budget) => {
    expect(best(module(id).rows.power)).toBe(budget);
  });

  it.each([
    ["t210", "33", "5.3", null],
    ["t186", "24", "6.2", null],
    ["t194", "25", "7.2", 1],
    ["t234", "35", "8.7", 2],
    ["t264", "38", "11.0", null],
  ] as const)("chip %s: id %s, compute capability %s", (id, chip, capability, dla) => {
    expect(SOCS[id]).toMatchObject({ chipId: chip, computeCapability: capability });
    expect(best(SOCS[id].dlaGeneration)).toBe(dla);
  });

  it("knows the module that has no row there, but a machine of its own in meta-tegra", () => {
    expect(moduleOfPart("p3834-0000")?.id).toBe("agx-thor-t4000");
  });
});

// Of TX2 and AGX Xavier: id, name, CPUs, CPU, GPU, DLA core, DLA falcon, PVA vps, PVA core, EMC in MHz; null is the
// maximum, undefined is not said.
const MODES: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  tx2: [
    [0, "MAXN", 6, 2035, 1300.5, undefined, undefined, undefined, undefined, null],
    [1, "MAXQ", 4, 1200, 850, undefined, undefined, undefined, undefined, 1331],
    [2, "MAXP_CORE_ALL", 6, 1400, 1120, undefined, undefined, undefined, undefined, 1600],
    [3, "MAXP_CORE_ARM", 4, 2000, 1120, undefined, undefined, undefined, undefined, 1600],
    [4, "MAXP_CORE_DENVER", 2, 2035, 1120, undefined, undefined, undefined, undefined, undefined],
  ],
  "agx-xavier": [
    [0, "MAXN", 8, 2265.6, null, null, null, null, null, null],
    [1, "MODE_10W", 2, 1200, 520, 550, 330, 115.2, 115.2, 1065.6],
    [2, "MODE_15W", 4, 1200, 670, 750, 450, 550, 385, 1331.2],
    [3, "MODE_30W_ALL", 8, 1200, 900, 1050, 630, 760, 532, 1600],
    [4, "MODE_30W_6CORE", 6, 1450, 900, 1050, 630, 760, 532, 1600],
    [5, "MODE_30W_4CORE", 4, 1780, 900, 1050, 630, 760, 532, 1600],
    [6, "MODE_30W_2CORE", 2, 2100, 900, 1050, 630, 760, 532, 1600],
    [7, "MODE_15W_DESKTOP", 4, 2188.8, 675.75, 115.2, 115.2, undefined, undefined, 1331.2],
  ],
};

describe("every power mode", () => {
  it.each(Object.entries(MODES))("of %s has its clocks", (id, rows) => {
    const modes = module(id).powerModes.modes.map((mode) => [
      ...[mode.id, mode.name, mode.cpusOnline, mode.cpuMaxMhz, mode.gpuMaxMhz],
      ...[
        mode.dlaMaxMhz,
        mode.dlaFalconMaxMhz,
        mode.pvaVpsMaxMhz,
        mode.pvaCoreMaxMhz,
        mode.emcMaxMhz,
      ],
    ]);
    expect(modes).toEqual(rows);
  });

  it.each([
    [
      "xavier-nx",
      "0 MODE_15W_2CORE, 1 MODE_15W_4CORE, 2 MODE_15W_6CORE, 3 MODE_10W_2CORE, 4 MODE_10W_4CORE, 5 MODE_10W_DESKTOP, 6 MODE_20W_2CORE, 7 MODE_20W_4CORE, 8 MODE_20W_6CORE",
      2,
    ],
    ["nano", "0 MAXN, 1 5W", 0],
    ["agx-orin", "0 MAXN, 1 MODE_15W, 2 MODE_30W, 3 MODE_50W", 2],
    ["agx-orin-32gb", "0 MAXN, 1 MODE_15W, 2 MODE_30W, 3 MODE_40W", 2],
    ["orin-nx-16gb", "0 MAXN, 1 10W, 2 15W, 3 25W", 2],
    ["orin-nx-8gb", "0 MAXN, 1 10W, 2 15W, 3 20W", 2],
    ["orin-nano-8gb", "0 15W, 1 7W", 0],
    ["orin-nano-4gb", "0 10W, 1 7W_AI, 2 7W_CPU", 0],
    ["agx-thor", "0 MAXN, 1 120W, 2 90W, 3 70W", 1],
  ])("of %s: %s", (id, modes, boots) => {
    const { powerModes } = module(id);
    expect(powerModes.modes.map((mode) => `${mode.id} ${mode.name}`).join(", ")).toBe(modes);
    expect(best(powerModes.bootsInto)).toBe(boots);
  });

  it("of Orin Nano and NX differs on Super images", () => {
    const names = (id: string): string[] =>
      (module(id).powerModes.variants ?? []).flatMap(({ modes }) =>
        modes.map((mode) => `${mode.id} ${mode.name}`),
      );
    expect(names("orin-nano-8gb")).toEqual(["0 15W", "1 25W", "2 MAXN_SUPER", "3 7W"]);
    expect(names("orin-nx-16gb")).toContain("0 MAXN_SUPER");
  });

  it.each([
    ["agx-xavier", "MODE_10W", 0.5],
    ["agx-xavier", "MODE_15W", 1],
    ["xavier-nx", "MODE_10W_2CORE", 1],
    ["agx-orin", "MODE_30W", 0.5],
    ["agx-orin-32gb", "MODE_30W", 4 / 7],
    ["agx-orin-32gb", "MAXN", 1],
    ["orin-nx-16gb", "10W", 0.5],
    ["tx2", "MAXQ", 1],
  ])("of %s called %s leaves %f of the GPU on", (id, name, share) => {
    const mode = module(id).powerModes.modes.find((one) => one.name === name) ?? null;
    expect(gpuShare(module(id), mode)).toBeCloseTo(share);
  });
});

type ReleaseCells = [
  versions: string,
  l4t: string,
  ubuntu: string,
  cuda: string,
  cudnn: string,
  tensorrt: string,
  deepstream: string,
  gstreamer: string,
  vpi: string,
];

const RELEASE_CELLS: readonly ReleaseCells[] = [
  ["3.2", "28.2", "16.04", "9.0.252", "7.0.5", "3.0.4", "1.5", "1.8", "-"],
  ["3.3", "28.2.1", "16.04", "9.0.252", "7.1.5", "4.0", "1.5", "1.8", "-"],
  ["4.2", "32.1", "18.04", "10.0.166", "7.3.1.28", "5.0.6", "3.0", "1.14", "-"],
  [
    "4.2.1 to 4.2.3",
    "32.2 to 32.2.3",
    "18.04",
    "10.0.326",
    "7.5.0.56",
    "5.1.6",
    "4.0",
    "1.14",
    "-",
  ],
  ["4.3", "32.3.1", "18.04", "10.0.326", "7.6.3.28", "6.0.1", "4.0.2", "1.14", "0.1"],
  [
    "4.4 to 4.4.1",
    "32.4.3 to 32.4.4",
    "18.04",
    "10.2.89",
    "8.0.0.180",
    "7.1.3",
    "5.0",
    "1.14",
    "0.3 to 0.4",
  ],
  [
    "4.5 to 4.5.1",
    "32.5 to 32.5.2",
    "18.04",
    "10.2.89",
    "8.0.0.180",
    "7.1.3",
    "5.1",
    "1.14.5",
    "1.0.12 to 1.0.15",
  ],
  ["4.6", "32.6.1", "18.04", "10.2.300", "8.2.1.32", "8.0.1", "6.0", "1.14.5", "1.1"],
  [
    "4.6.1 to 4.6.6",
    "32.7.1 to 32.7.6",
    "18.04",
    "10.2.300",
    "8.2.1.32",
    "8.2.1",
    "6.0.1",
    "1.14.5",
    "1.2.3",
  ],
  ["5.0 DP to 5.0.1 DP", "34.1 to 34.1.1", "20.04", "11.4", "8.3.2", "8.4.0", "6.1", "1.16", "2.0"],
  ["5.0.2", "35.1", "20.04", "11.4", "8.4.1.50", "8.4.1", "6.1.1", "1.16", "2.1.6"],
  [
    "5.1 to 5.1.1",
    "35.2.1 to 35.3.1",
    "20.04",
    "11.4.298",
    "8.6.0.166",
    "8.5.2",
    "6.2",
    "1.16",
    "2.2.4 to 2.2.6",
  ],
  [
    "5.1.2 to 5.1.6",
    "35.4.1 to 35.6.4",
    "20.04",
    "11.4.298",
    "8.6.0.166",
    "8.5.2",
    "6.3",
    "1.16",
    "2.3.9 to 2.4.8",
  ],
  ["6.0 DP", "36.2", "22.04", "12.2", "8.9.4.25", "8.6.2", "6.4", "1.20", "3.0"],
  ["6.0", "36.3", "22.04", "12.2", "8.9.4.25", "8.6.2", "7.0", "1.20", "3.1.5"],
  [
    "6.1 to 6.2.2",
    "36.4 to 36.5",
    "22.04",
    "12.6.68",
    "9.3.0.75",
    "10.3.0",
    "7.1",
    "1.20",
    "3.2.4",
  ],
  ["7.0 to 7.1", "38.2 to 38.4", "24.04", "13.0.48", "9.12.0.46", "10.13.3", "8.0", "1.24", "4.0"],
  [
    "7.2 EA to 7.2",
    "39.0 to 39.2",
    "24.04",
    "13.2",
    "9.20.0.46",
    "10.16.2",
    "9.0",
    "1.24.2",
    "4.1.3",
  ],
];

const range = (all: readonly string[] | null): string =>
  !all ? "-" : all.length > 1 ? `${all[0]} to ${all[all.length - 1]}` : (all[0] ?? "");

describe("every cell of the JetPack table", () => {
  it("has no row more and none less", () => {
    expect(JETPACK_RELEASES.map(({ versions }) => range(versions))).toEqual(
      RELEASE_CELLS.map(([versions]) => versions),
    );
  });

  it.each(RELEASE_CELLS)("%s", (versions, ...cells) => {
    const found = JETPACK_RELEASES.find((release) => range(release.versions) === versions);
    expect([
      range(found?.l4t ?? null),
      ...[found?.ubuntu, found?.cuda, found?.cudnn, found?.tensorrt, found?.deepstream],
      ...[found?.gstreamer, range(found?.vpi ?? null)],
    ]).toEqual(cells);
  });

  it.each([
    ["3.2", "tx1 tx2 tx2i"],
    ["4.2", "agx-xavier agx-xavier-16gb agx-xavier-8gb nano tx1 tx2 tx2-4gb tx2i"],
    ["4.4", "agx-xavier agx-xavier-16gb agx-xavier-8gb nano tx1 tx2 tx2-4gb tx2i xavier-nx"],
    [
      "4.5",
      "agx-xavier agx-xavier-16gb agx-xavier-8gb nano nano-2gb tx1 tx2 tx2-4gb tx2-nx tx2i xavier-nx",
    ],
    [
      "4.6",
      "agx-xavier agx-xavier-16gb agx-xavier-industrial nano nano-2gb tx1 tx2 tx2-4gb tx2-nx tx2i xavier-nx",
    ],
    [
      "5.0.2",
      "agx-orin agx-orin-32gb agx-xavier agx-xavier-16gb agx-xavier-64gb agx-xavier-industrial xavier-nx xavier-nx-16gb",
    ],
    [
      "6.0",
      "agx-orin agx-orin-32gb agx-orin-industrial orin-nano-4gb orin-nano-8gb orin-nx-16gb orin-nx-8gb",
    ],
    ["7.0", "agx-thor"],
  ])("JetPack %s is for %s", (version, ids) => {
    const release = JETPACK_RELEASES.find(({ versions }) => versions.includes(version));
    const boards = MODULE_CELLS.map(([id]) => id).filter((id) => id !== "igx-orin");
    const found = boards.filter((id) => release && releasesFor(module(id)).includes(release));
    expect(found.toSorted().join(" ")).toBe(ids);
  });
});

describe("a relative of a board is one of its family", () => {
  it.each([
    ["TX2 4GB", "nvidia,p2597-0000+p3489-0888\0nvidia,tegra186\0", "tx2"],
    ["TX2 4GB, mainline kernel", "nvidia,p2771-0888\0nvidia,tegra186\0", "tx2"],
    ["TX2 4GB, by its carrier alone", "nvidia,lightning\0nvidia,tegra186\0", "tx2"],
    ["TX2i", "nvidia,storm\0nvidia,p2597-0000+p3489-0000\0nvidia,tegra186\0", "tx2"],
    ["TX2 NX", "nvidia,p3509-0000+p3636-0001\0nvidia,tegra186\0", "tx2"],
    ["AGX Xavier 8GB", "nvidia,p2822-0000+p2888-0006\0nvidia,tegra194\0", "agx-xavier"],
    ["AGX Xavier Industrial", "nvidia,galen-industrial\0nvidia,tegra194\0", "agx-xavier"],
    ["Xavier NX is of another", "nvidia,p3509-0000+p3668-0001\0nvidia,tegra194\0", "xavier-nx"],
    ["Orin NX 8GB", "nvidia,p3768-0000+p3767-0001\0nvidia,tegra234\0", "orin-nx"],
    ["Orin Nano, Super", "nvidia,p3768-0000+p3767-0005-super\0nvidia,tegra234\0", "orin-nano"],
    ["a p3767 of a later number", "nvidia,p3768-0000+p3767-0009\0nvidia,tegra234\0", "unknown"],
    ["a strange t186 board", "vendor,board\0nvidia,tegra186\0", "unknown"],
  ])("%s", (_label, compatible, board) => {
    expect(identify({ compatible, model: null, tegraRelease: null }).board).toBe(board);
  });
});
