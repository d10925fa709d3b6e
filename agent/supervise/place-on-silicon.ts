import type { RunsOn } from "../../fleet/contract/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { AcceleratorChoice } from "../../fleet/spec/index.ts";
import { type BackendQuestion, chooseBackend } from "./choose-backend.ts";
import type { ModelOptions } from "./ipc.ts";

/** What this device has to run models with, beside its processor. */
export interface Silicon extends Pick<BackendQuestion, "objects" | "folders" | "tensorrt"> {
  /** "gpu", "dla0", …, the GPU first; none of a board that nobody knows. */
  accelerators: readonly string[];
}

/** An engine of a model for a kind of accelerator: the core of a DLA is given when it is loaded. */
export interface SiliconEngine {
  path: string;
  digest: string;
  precision: string;
}

export interface SiliconPlace {
  /** Of the addon's model. */
  options: Pick<ModelOptions, "path" | "digest" | "backendPath" | "runtimePath"> & {
    lanes: NonNullable<ModelOptions["lanes"]>;
  };
  runsOn: RunsOn;
}

/** Where a model works, or why it stays on the processor. */
export type Placing = { place: SiliconPlace } | { place: null; why: string };

/**
 * Lanes for what a pipeline asks of the board's accelerators: one for each that shares its frames, with the engine of its
 * kind. "auto" is the first, the GPU: what a split costs in memory and heat must be asked for. The processor takes what the
 * board cannot, and it is said why: that a board has no such accelerator was told in preview.
 */
export function placeOnSilicon(
  wanted: AcceleratorChoice,
  silicon: Silicon,
  engineFor: (kind: "gpu" | "dla") => SiliconEngine | null,
): Placing {
  const { accelerators } = silicon;
  const shared = sharedBy(wanted, accelerators);
  const [first] = shared;
  const isThere = shared.every((one) => accelerators.includes(one));
  if (first === undefined || !isThere || (wanted === "split" && shared.length < 2)) {
    return { place: null, why: `the board has ${accelerators.join(", ") || "no accelerator"}` };
  }
  const backend = backendFor(first, silicon);
  if (typeof backend === "string") return { place: null, why: backend };
  const engines = new Map<string, SiliconEngine>();
  for (const kind of new Set(shared.map(kindOf))) {
    const engine = engineFor(kind);
    if (engine === null)
      return { place: null, why: `there is no engine of it for the ${kind} yet` };
    engines.set(kind, engine);
  }
  const engineOf = (accelerator: string) => engines.get(kindOf(accelerator)) as SiliconEngine;
  const lanes = shared.map((accelerator) => {
    const { path, precision } = engineOf(accelerator);
    return { accelerator, path, precision };
  });
  const { path, digest } = engineOf(first);
  const precisions = [...new Set(lanes.map(({ precision }) => precision))].join("+");
  return {
    place: {
      // The backend finds the vendor's library by itself: it is the system's.
      options: { path, digest, backendPath: backend.path, runtimePath: "", lanes },
      runsOn: {
        backend: backend.name,
        accelerator: shared.length > 1 ? "split" : first,
        precision: precisions,
      },
    },
  };
}

function sharedBy(wanted: AcceleratorChoice, accelerators: readonly string[]): readonly string[] {
  if (wanted === "auto") return accelerators.slice(0, 1);
  return wanted === "split" ? accelerators : [wanted];
}

function kindOf(accelerator: string): "gpu" | "dla" {
  return accelerator === "gpu" ? "gpu" : "dla";
}

/** The backend, or why there is none. */
function backendFor(
  accelerator: string,
  silicon: Silicon,
): { path: string; name: string } | string {
  try {
    const { backendPath, name } = chooseBackend({ accelerator, ...silicon });
    return { path: backendPath, name };
  } catch (error) {
    if (isFleetError(error, "NATIVE_LOAD")) return error.message;
    throw error;
  }
}
