import { contextMib } from "./estimate/memory.ts";
import type { Plan } from "./plan-schema.ts";
import { parserOf } from "./settle.ts";

/**
 * MiB that a model takes in a process that has CUDA and TensorRT's libraries for another one already; null where nobody
 * knows.
 */
export function furtherModelMib({
  memoryMib,
  tensorrt,
}: Pick<Plan, "memoryMib" | "tensorrt">): number | null {
  if (memoryMib === null) return null;
  const isRtx = tensorrt?.startsWith("RTX") ?? false;
  return memoryMib.expected - contextMib(parserOf(isRtx ? null : tensorrt)).expected;
}
