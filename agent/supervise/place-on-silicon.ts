import type { RunsOn } from "../../fleet/contract/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { AcceleratorChoice, DetectSpec } from "../../fleet/spec/index.ts";
import type { EngineForm, SiliconForm } from "../engine/recipes.ts";
import { type BackendQuestion, chooseBackend } from "./choose-backend.ts";
import type { ModelOptions } from "./ipc/pipeline.ts";

/** What this device has to run models with, beside its processor. */
export interface Silicon extends Pick<BackendQuestion, "objects" | "folders" | "tensorrt"> {
  /** "gpu", "dla0", …, the GPU first; none of a board that nobody knows. */
  accelerators: readonly string[];
  /** What keeps this device's engines from being named, so that none is built: empty where nothing does. */
  unknown: readonly string[];
  /** Folder of the vendor's library; empty: the backend finds it by itself, for it is the system's. */
  runtimePath: string;
}

export type EnginePlace = Pick<ModelOptions, "path" | "digest">;

export interface SiliconPlace extends Pick<ModelOptions, "backendPath" | "runtimePath"> {
  /** One for each accelerator that shares the frames, with the form of its engine. */
  lanes: readonly { accelerator: string; form: SiliconForm }[];
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
  {
    accelerator: wanted = "auto",
    precision = "auto",
  }: Pick<DetectSpec, "accelerator" | "precision">,
  silicon: Silicon,
): Placing {
  const { accelerators, unknown } = silicon;
  const shared = sharedBy(wanted, accelerators);
  const [first] = shared;
  const isThere = shared.every((one) => accelerators.includes(one));
  if (first === undefined || !isThere || (wanted === "split" && shared.length < 2)) {
    return { place: null, why: `the board has ${accelerators.join(", ") || "no accelerator"}` };
  }
  const backend = backendFor(first, silicon);
  if (typeof backend === "string") return { place: null, why: backend };
  if (unknown.length > 0) {
    return { place: null, why: `engines of this device cannot be named: ${unknown.join("; ")}` };
  }
  if (precision === "fp32" && shared.some((one) => kindOf(one) === "dla")) {
    return { place: null, why: "a DLA computes in FP16 and INT8 only" };
  }
  // FP16 is the fast one on every Jetson.
  const how = precision === "auto" ? "fp16" : precision;
  const lanes = shared.map((accelerator) => {
    return { accelerator, form: `${kindOf(accelerator)} ${how}` as SiliconForm };
  });
  const precisions = [...new Set(lanes.map(({ form }) => precisionOf(form)))].join("+");
  return {
    place: {
      backendPath: backend.path,
      runtimePath: silicon.runtimePath,
      lanes,
      runsOn: {
        backend: backend.name,
        accelerator: shared.length > 1 ? "split" : first,
        precision: precisions,
      },
    },
  };
}

/** Forms of the engines that a place needs, each once; the processor's where there is no place. */
export function formsOf({ place }: Placing): EngineForm[] {
  return place === null ? ["cpu"] : [...new Set(place.lanes.map(({ form }) => form))];
}

/** The addon's model at a place; `engineFor` says where each engine lies. */
export function siliconOptions(
  { backendPath, runtimePath, lanes: places }: SiliconPlace,
  engineFor: (form: SiliconForm) => EnginePlace,
) {
  const lanes = places.map(({ accelerator, form }) => {
    return { accelerator, ...engineFor(form), precision: precisionOf(form) };
  });
  const [first] = lanes;
  if (first === undefined) throw new RangeError("A place has at least one lane");
  return { path: first.path, digest: first.digest, backendPath, runtimePath, lanes };
}

function precisionOf(form: SiliconForm): string {
  return form.split(" ")[1] as string;
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
    if (isFleetError(error, "NATIVE_LOAD")) return `${error.message}. ${error.hint}`;
    throw error;
  }
}
