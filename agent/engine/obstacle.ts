import { type BuilderKind, buildNeeds } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { megabytes } from "../../fleet/transfer/transfer-text.ts";
import { RESERVE_BYTES } from "../update/free-space.ts";

/** What a build depends on at this moment; null: the board does not tell. */
export interface Conditions {
  freeDiskBytes: number | null;
  freeMemoryBytes: number | null;
  hottestCelsius: number | null;
}

/** How hot a board may be: a build begins, and goes on, below `cool`, and stands still from `hot` on. */
export interface HeatLimits {
  coolCelsius: number;
  hotCelsius: number;
}

/** Below it the kernel would end processes, and it may choose one that has frames. */
const LEAST_MEMORY_BYTES = 64 * 2 ** 20;

/**
 * What a build has to wait for; null: nothing that is known. `under-way`: the builder has what it needs, unless the
 * board has come to its last reserves; `standing`: it stands still for the heat and goes on once the board is cool.
 */
export function obstacleTo(
  { modelBytes, builder }: { modelBytes: number; builder: BuilderKind },
  stage: "begin" | "under-way" | "standing",
  { freeDiskBytes, freeMemoryBytes, hottestCelsius }: Conditions,
  { coolCelsius, hotCelsius }: HeatLimits,
): FleetError | null {
  const begins = stage === "begin";
  const needs = buildNeeds(modelBytes, builder);
  const disk = RESERVE_BYTES + (begins ? needs.diskBytes : 0);
  if (freeDiskBytes !== null && freeDiskBytes < disk) {
    return short("BOARD_DISK_FULL", "disk", disk, freeDiskBytes);
  }
  const memory = begins ? needs.memoryBytes : LEAST_MEMORY_BYTES;
  if (freeMemoryBytes !== null && freeMemoryBytes < memory) {
    return short("BOARD_MEMORY_LOW", "memory", memory, freeMemoryBytes);
  }
  const limit = stage === "under-way" ? hotCelsius : coolCelsius;
  if (hottestCelsius === null || hottestCelsius < limit) return null;
  return new FleetError(
    "BOARD_HOT",
    `Expected less than ${limit} °C but the board has ${hottestCelsius.toFixed(1)} while building an engine`,
  );
}

function short(
  code: "BOARD_DISK_FULL" | "BOARD_MEMORY_LOW",
  what: string,
  need: number,
  free: number,
) {
  const message = `Expected ${megabytes(need)} of free ${what} but ${megabytes(free)} are free while building an engine`;
  return new FleetError(code, message, { context: { needBytes: need, freeBytes: free } });
}
