import type { Module } from "../boards/catalog/index.ts";
import { engineFacts, engineKey, machinesOfModule } from "../engine/index.ts";
import type { Candidate, Plan } from "./plan-schema.ts";
import { settlePlatform } from "./settle.ts";

/** An engine that a plan needs, on one of the units that it may be about. */
export interface PlannedEngine {
  accelerator: "gpu" | "dla";
  precision: Candidate["precision"];
  /** P-number of the unit's module, and its L4T. */
  module: string | null;
  l4t: string | null;
  /** Of its key: the agent of such a unit makes the same. */
  digest: string;
}

export interface PlannedEngines {
  engines: PlannedEngine[];
  /** What keeps a key from being made, in words. */
  unknown: string[];
}

const KINDS = { gpu: ["gpu"], dla0: ["dla"], dla1: ["dla"], split: ["gpu", "dla"] } as const;

/**
 * Keys of the engines that a plan comes to, by the pure function that the agent uses: one for each part number and L4T
 * that a unit of the module may have. Weights in files of their own are not in a plan, so a model must hold its own.
 */
export function enginesOf(plan: Plan, module: Module): PlannedEngines {
  const { chosen, model, jetpack } = plan;
  if (chosen === null) return { engines: [], unknown: ["where it runs: nothing was chosen"] };
  if (model.digest === null) return { engines: [], unknown: ["the digest of the model"] };
  if (jetpack === null)
    return { engines: [], unknown: ["the software of a PC, before it is seen"] };
  if (chosen.precision === "int8") {
    return { engines: [], unknown: ["the calibration table of INT8, before it is made"] };
  }
  const { digest } = model;
  const { precision } = chosen;
  const { mode } = settlePlatform(module, { jetpack, powerMode: plan.powerMode });
  const { machines, unknown } = machinesOfModule(module, { jetpack, powerMode: mode });
  const engines = KINDS[chosen.accelerator].flatMap((accelerator) =>
    machines.map((machine): PlannedEngine => {
      const request = { model: digest, accelerator, precision, gpuFallback: accelerator === "dla" };
      const key = engineKey(engineFacts(machine, request));
      const { module: unit, l4t } = machine;
      return { accelerator, precision, module: unit, l4t, digest: key.digest };
    }),
  );
  return { engines, unknown };
}
