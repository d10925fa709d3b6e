/** The model, the engine as it is built, and the engine in the store, each somewhat larger than the model. */
const DISK_PER_MODEL_BYTE = 4;
/** The graph, its weights once more as the library wants them, and what optimising takes beside. */
const MEMORY_PER_MODEL_BYTE = 4;
const BUILDER_BYTES = 192 * 2 ** 20;

/** What a board must have free before an engine of a model is begun, in bytes beside its reserves. */
export function buildNeeds(modelBytes: number): { diskBytes: number; memoryBytes: number } {
  return {
    diskBytes: DISK_PER_MODEL_BYTE * modelBytes,
    memoryBytes: BUILDER_BYTES + MEMORY_PER_MODEL_BYTE * modelBytes,
  };
}
