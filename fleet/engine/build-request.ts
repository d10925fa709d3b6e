import type { BuildMachine } from "./build-machine.ts";
import { WORKSPACE_BYTES } from "./build-needs.ts";
import { type EngineFacts, EngineFactsSchema } from "./engine-key.ts";

/** The part of an engine's facts that whoever wants it decides; what is not said is as the library likes, but for its workspace. */
export type BuildRequest = Pick<EngineFacts, "model" | "accelerator" | "precision"> &
  Partial<Omit<EngineFacts, keyof BuildMachine>>;

const AS_THE_LIBRARY_LIKES = {
  externalData: {},
  gpuFallback: false,
  calibration: null,
  minMaxRanges: false,
  float32Nodes: [],
  allowTf32: false,
  effort: null,
  shapes: {},
  formats: {},
  pools: { workspace: WORKSPACE_BYTES },
} satisfies Partial<EngineFacts>;

/** All that decides whether an engine is of use. Throws ZodError. */
export function engineFacts(machine: BuildMachine, request: BuildRequest): EngineFacts {
  return EngineFactsSchema.parse({ ...AS_THE_LIBRARY_LIKES, ...machine, ...request });
}
