import { describe, expect, it } from "vitest";
import {
  cellText,
  compareModules,
  deepstreamOf,
  findModule,
  JETPACK_RELEASES,
  MODULES,
  type Module,
  moduleByName,
  moduleOfPart,
  newestJetpack,
  SOURCES,
  supports,
  usableDlaCores,
  vpiBackends,
} from "../../fleet/boards/catalog/index.ts";
import { BOARDS, jetpackOfL4t } from "../../fleet/boards/index.ts";
import { PlayedBoard } from "../../fleet/sim/board/images.ts";
import { powerModesOf } from "../../fleet/sim/board/power-modes.ts";

function module(id: string): Module {
  const found = findModule(id);
  if (!found) throw new Error(`no module ${id}`);
  return found;
}

describe("the module table", () => {
  it("names every module and every part number once", () => {
    const ids = MODULES.map(({ id }) => id);
    const parts = MODULES.flatMap(({ partNumbers }) => partNumbers);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(parts).size).toBe(parts.length);
    expect(moduleOfPart("p3489-0888")?.id).toBe("tx2-4gb");
  });

  it("holds the module of every board that can be provisioned, which its kit's device tree names", () => {
    for (const { module: id, tree } of Object.values(BOARDS)) {
      const [part, sku] = tree?.boardIds.split(":") ?? [];
      if (tree === null) expect(module(id).partNumbers).toEqual([]);
      else expect(module(id).partNumbers).toContain(`p${part}-${sku}`);
    }
  });

  it("holds all that a simulated board shows", () => {
    for (const name of PlayedBoard.exclude(["x86"]).options) {
      const board = BOARDS[name];
      const { modes, defaultId } = powerModesOf(name);
      expect(modes.map(({ id }) => id)).toContain(defaultId);
      expect(modes.map(({ id, name }) => [id, name])).toEqual(
        module(board.module).powerModes.modes.map(({ id, name }) => [id, name]),
      );
    }
    expect(powerModesOf("agx-xavier").modes[0]).toEqual({
      id: 0,
      name: "MAXN",
      cpusOnline: 8,
      cpuMaxMhz: 2265,
      gpuMaxMhz: 1377,
    });
  });

  it("names a known source for every figure", () => {
    const facts = MODULES.flatMap((one) =>
      compareModules([one]).flatMap(({ cells }) => cells.flatMap((cell) => [...cell])),
    );
    expect(facts.length).toBeGreaterThan(400);
    for (const { source } of facts) expect(SOURCES[source]).toBeTypeOf("string");
  });

  it("keeps both values where the sources differ", () => {
    const [memory] = compareModules([module("tx2")]).filter(({ key }) => key === "memory");
    const text = cellText(memory?.cells[0] ?? [], (key) => key);
    expect(text).toContain("58.4 GB/s (notes)");
    expect(text).toContain("59.7 GB/s (table)");
  });

  it("shows what nobody knows as unknown", () => {
    const rows = compareModules([module("agx-thor")]);
    const dla = rows.find(({ key }) => key === "dlaCores");
    expect(cellText(dla?.cells[0] ?? [], (key) => key)).toBe("unknown");
  });

  it("begins a comparison with the rows of the notes", () => {
    const titles = compareModules([module("tx2"), module("agx-xavier")]).map(({ title }) => title);
    expect(titles.slice(0, 3)).toEqual(["GPU", "DL accelerator", "Vision accelerator"]);
    expect(titles.slice(12, 14)).toEqual(["DeepStream then", "JetPack 4.2"]);
  });
});

describe("where a cell comes from", () => {
  const row = (id: string, key: string) =>
    compareModules([module(id)]).find((one) => one.key === key)?.cells[0] ?? [];
  const textOf = (id: string, key: string) => cellText(row(id, key), (source) => source);

  it("is the notes of 2019 only for the two modules that they speak of", () => {
    const noted = MODULES.filter((one) =>
      compareModules([one]).some(({ cells }) => cells[0]?.some(({ source }) => source === "notes")),
    ).map(({ id }) => id);
    expect(noted).toEqual(["tx2", "agx-xavier-16gb", "x86-t4"]);
  });

  it.each(["agx-xavier-industrial", "agx-xavier-8gb", "agx-xavier-64gb"])(
    "is nothing of another module's for %s",
    (id) => {
      const all = JSON.stringify(compareModules([module(id)]));
      expect(all).not.toContain("notes16");
      expect(all).not.toContain("1.37 GHz");
      expect(textOf(id, "deepstreamThen")).toBe("unknown");
      expect(textOf(id, "storage")).toBe("unknown");
    },
  );

  it("says so where the family's name stands for the notes' module", () => {
    expect(textOf("agx-xavier", "pcie")).toMatch(/^16 lanes Gen 4 .* \(notes16\)$/);
    expect(textOf("agx-xavier", "memory")).toMatch(/^32 GB .* \(table\) · 16 GB .* \(notes16\)$/);
    expect(textOf("agx-xavier-16gb", "pcie")).toBe("16 lanes Gen 4 (1x8+1x4+1x2+2x1)");
  });

  it("is both sources where they differ on the TensorRT of JetPack 3.2", () => {
    expect(textOf("tx2", "deepstreamThen")).toMatch(
      /TensorRT 4\) \(notes\) · .*3\.0\.4\) \(relnotes\)/,
    );
    const release = JETPACK_RELEASES.find(({ versions }) => versions.includes("3.2"));
    expect([release?.tensorrt, release?.tensorrtElsewhere]).toEqual([
      "3.0.4",
      { value: "4", source: "notes" },
    ]);
  });

  it("has JetPack 4.2 on TX2 with TensorRT 5.0 and no DeepStream yet", () => {
    expect(textOf("tx2", "jetpack42")).toBe("TensorRT 5.0, no DeepStream yet");
    const release = JETPACK_RELEASES.find(({ versions }) => versions.includes("4.2"));
    if (!release) throw new Error("no 4.2");
    expect(deepstreamOf(module("tx2"), release)).toBe("none yet");
    expect(deepstreamOf(module("agx-xavier-16gb"), release)).toBe("3.0");
  });
});

describe("the name of a module", () => {
  it.each([
    ["tx2", "tx2"],
    ["jetson-tx2", "tx2"],
    ["agx-xavier", "agx-xavier"],
    ["agx-xavier-32gb", "agx-xavier"],
    ["xavier-nx-8gb", "xavier-nx"],
    ["orin-nx-16gb", "orin-nx-16gb"],
    ["industrial", null],
    ["igx", "igx-orin"],
    ["t4000", "agx-thor-t4000"],
  ])("%s is %s", (name, id) => {
    const found = moduleByName(name);
    expect("module" in found ? found.module.id : null).toBe(id);
  });

  it.each([
    [
      "orin-nx",
      [
        "orin-nx-16gb (16 GB, 1024 CUDA cores, 2 DLA)",
        "orin-nx-8gb (8 GB, 1024 CUDA cores, 1 DLA)",
      ],
    ],
    [
      "orin-nano",
      [
        "orin-nano-8gb (8 GB, 1024 CUDA cores, 0 DLA)",
        "orin-nano-4gb (4 GB, 512 CUDA cores, 0 DLA)",
      ],
    ],
  ])("%s is one of several, with what sets them apart", (name, choices) => {
    const found = moduleByName(name);
    if ("module" in found) throw new Error("one module");
    expect(found.choices.map(({ id, difference }) => `${id} (${difference})`)).toEqual(choices);
  });

  it("that nothing has is none", () => {
    expect(moduleByName("orin-n")).toEqual({ choices: [] });
  });
});

describe("the JetPack matrix", () => {
  it("knows every L4T version once, with a JetPack version of its row", () => {
    const all = JETPACK_RELEASES.flatMap(({ l4t }) => l4t);
    expect(new Set(all).size).toBe(all.length);
    for (const { l4t, versions } of JETPACK_RELEASES) {
      for (const version of l4t) expect(versions).toContain(jetpackOfL4t(version));
    }
    expect(jetpackOfL4t("28.4")).toBe("3.3.3");
  });

  it.each([
    ["tx2", "4.6.1", true],
    ["tx2", "5.1.2", false],
    ["tx2-nx", "4.4", false],
    ["agx-xavier", "5.1.2", true],
    ["agx-xavier", "6.0", false],
    ["agx-xavier-8gb", "4.5.1", true],
    ["agx-xavier-8gb", "4.6", false],
    ["agx-xavier-64gb", "4.6", false],
    ["orin-nano-8gb", "5.1", false],
    ["orin-nano-8gb", "5.1.1", true],
    ["agx-orin", "7.1", false],
    ["agx-orin", "7.2", true],
    ["x86-t4", "4.6.1", false],
  ])("%s under JetPack %s is supported: %s", (board, jetpack, expected) => {
    expect(supports(module(board), jetpack)).toBe(expected);
  });

  it("does not know a JetPack version that is not in the table", () => {
    expect(supports(module("tx2"), "9.9")).toBeNull();
  });

  it("ends TX2 at 4.6.6 and Xavier at 5.1.6", () => {
    expect(newestJetpack(module("tx2"))).toBe("4.6.6");
    expect(newestJetpack(module("agx-xavier"))).toBe("5.1.6");
  });

  it("counts no DLA on Orin under JetPack 7.2, whose release has no DLA compiler", () => {
    expect(usableDlaCores(module("agx-orin"), "6.2")).toBe(2);
    expect(usableDlaCores(module("agx-orin"), "7.2")).toBe(0);
  });

  it("offers the PVA back end of VPI from Xavier on", () => {
    const release = JETPACK_RELEASES.find(({ versions }) => versions.includes("4.6.1"));
    if (!release) throw new Error("no 4.6.1");
    expect(vpiBackends(module("tx2"), release)).toEqual(["cpu", "cuda", "vic"]);
    expect(vpiBackends(module("agx-xavier"), release)).toEqual(["cpu", "cuda", "vic", "pva"]);
  });
});
