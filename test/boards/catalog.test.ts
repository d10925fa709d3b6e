import { describe, expect, it } from "vitest";
import {
  cellText,
  compareModules,
  findModule,
  JETPACK_RELEASES,
  MODULES,
  type Module,
  moduleOfPart,
  newestJetpack,
  SOURCES,
  supports,
  usableDlaCores,
  vpiBackends,
} from "../../fleet/boards/catalog/index.ts";
import { BOARDS, jetpackOfL4t } from "../../fleet/boards/index.ts";
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

  it("holds the module of every board that can be provisioned, with all that a simulated one shows", () => {
    for (const board of Object.values(BOARDS)) {
      const [part, sku] = board.boardIds.split(":");
      expect(module(board.module).partNumbers).toContain(`p${part}-${sku}`);
      const { modes, defaultId } = powerModesOf(board.name);
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
    expect(titles[12]).toBe("DeepStream then");
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
