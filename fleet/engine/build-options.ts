import { FleetError } from "../errors/index.ts";
import type { EngineFacts, EnginePool } from "./engine-key.ts";

/** What of a build the key names, in the words of `NativeBuildOptions` (native/binding/api.ts); paths are the caller's. */
export interface KeyedBuildOptions {
  precision: EngineFacts["precision"];
  allowTf32: boolean;
  gpuFallback: boolean;
  minMaxRanges: boolean;
  float32Nodes: string[];
  shapes: { input: string; min: number[]; opt: number[]; max: number[] }[];
  effort?: number;
  workspaceBytes?: number;
  dlaSramBytes?: number;
  dlaLocalDramBytes?: number;
  dlaGlobalDramBytes?: number;
  tacticSharedMemoryBytes?: number;
}

const OPTION_OF = {
  workspace: "workspaceBytes",
  "dla-sram": "dlaSramBytes",
  "dla-local-dram": "dlaLocalDramBytes",
  "dla-global-dram": "dlaGlobalDramBytes",
  "tactic-shared-memory": "tacticSharedMemoryBytes",
} as const satisfies Record<EnginePool, keyof KeyedBuildOptions>;

/**
 * The build that the key of these facts names, so that no engine is built otherwise than its key says. Throws USAGE for
 * input and output formats of the caller's own: the key tells them apart, but no build can be asked for them yet.
 */
export function buildOptionsOf(facts: EngineFacts): KeyedBuildOptions {
  const formats = Object.keys(facts.formats);
  if (formats.length > 0) {
    throw new FleetError(
      "USAGE",
      `Expected inputs and outputs in the model's own formats but got others for ${formats.join(", ")}`,
      { hint: "Leave `formats` empty, or change the types in the model." },
    );
  }
  const { precision, allowTf32, gpuFallback, minMaxRanges, float32Nodes, effort, pools } = facts;
  const options: KeyedBuildOptions = {
    ...{ precision, allowTf32, gpuFallback, minMaxRanges },
    float32Nodes: [...new Set(float32Nodes)].sort(),
    shapes: Object.entries(facts.shapes).map(([input, shape]) => ({ input, ...shape })),
    ...(effort !== null && { effort }),
  };
  for (const [pool, option] of Object.entries(OPTION_OF)) {
    const bytes = pools[pool as EnginePool];
    if (bytes !== undefined) options[option] = bytes;
  }
  return options;
}
