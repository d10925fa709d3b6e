import { describe, expect, it } from "vitest";
import { MODULES, type Module } from "../../fleet/boards/catalog/index.ts";
import { engineFacts, engineKey, machineOfBoard } from "../../fleet/engine/index.ts";
import { enginesOf, type PlanOptions, planFor } from "../../fleet/plan/index.ts";
import { network } from "./support/models.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function moduleOf(part: string): Module {
  const found = MODULES.find(({ partNumbers }) => partNumbers.includes(part));
  if (found === undefined) throw new Error(`no module ${part}`);
  return found;
}

const XAVIER = moduleOf("p2888-0004");

function plannedFor(options: PlanOptions) {
  const asked = { jetpack: "5.1.2", precision: "fp16", digest: DIGEST, ...options } as const;
  return enginesOf(planFor(network("resnet50"), XAVIER, asked), XAVIER);
}

describe("the engines that a plan comes to", () => {
  it.each<[NonNullable<PlanOptions["accelerator"]>, string[]]>([
    ["gpu", ["gpu"]],
    ["dla0", ["dla"]],
    ["dla1", ["dla"]],
    ["split", ["gpu", "dla"]],
  ])("for %s are of %j", (accelerator, kinds) => {
    const { engines, unknown } = plannedFor({ accelerator });
    expect(unknown).toEqual([]);
    expect([...new Set(engines.map((engine) => engine.accelerator))]).toEqual(kinds);
    expect(new Set(engines.map(({ digest }) => digest)).size).toBe(engines.length);
  });

  it("have the key that the agent of such a unit makes", () => {
    const { engines } = plannedFor({ accelerator: "gpu", powerMode: "MAXN" });
    const { machines } = machineOfBoard({
      eeprom: null,
      boardIds: "2888:0004:B00\0",
      dtsFilename: null,
      compatible: null,
      model: null,
      memTotalKib: null,
      tegraRelease:
        "# R35 (release), REVISION: 4.1, GCID: 1, BOARD: generic, EABI: aarch64, DATE: x\n",
      packages: "libnvinfer8 8.5.2-1+cuda11.4 ii\nlibnvinfer-plugin8 8.5.2-1+cuda11.4 ii\n",
      powerMode: null,
      powerModes: null,
    });
    const [machine] = machines;
    if (machine === undefined) throw new Error("it is not known what it is");
    const request = { model: DIGEST, accelerator: "gpu", precision: "fp16" } as const;
    const { digest } = engineKey(engineFacts(machine, request));
    expect(engines.map((engine) => engine.digest)).toContain(digest);
  });

  it.each<[string, PlanOptions, RegExp]>([
    ["a table that is not made yet", { precision: "int8" }, /calibration table/],
    ["software that nobody has looked into", { jetpack: "4.4" }, /which package of TensorRT/],
  ])("have no key with %s, and it is said", (_what, options, why) => {
    const { engines, unknown } = plannedFor({ accelerator: "gpu", ...options });
    expect(engines).toEqual([]);
    expect(unknown.join()).toMatch(why);
  });
});
