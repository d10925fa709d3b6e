/** The model, the engine as it is built, and the engine in the store, each somewhat larger than the model. */
const DISK_PER_MODEL_BYTE = 4;
/** The graph, its weights once more as the library wants them, and what optimising takes beside. */
const MEMORY_PER_MODEL_BYTE = 4;
const BUILDER_BYTES = 192 * 2 ** 20;
/**
 * CUDA, cuBLAS and cuDNN in a builder of TensorRT, whose device memory is the board's own: the most that a log of one tells,
 * 225, 241 and 406 MiB on a Nano of 2 GB (wang-xinyu/tensorrtx, issue 1160; fleet/plan/calibration/memory-logs.ts).
 */
const SILICON_LIBRARIES_BYTES = (225 + 241 + 406) * 2 ** 20;

/**
 * Scratch memory of a layer, which TensorRT would take as much of as the device has. A board's is that of what runs
 * beside the builder, so it is bounded, and alike for all, since it is part of an engine's key.
 */
export const WORKSPACE_BYTES = 256 * 2 ** 20;

/** What builds: a library of the processor's, or TensorRT for an accelerator. */
export type BuilderKind = "processor" | "silicon";

/** Of an engine's form, "cpu" or as "gpu fp16". */
export function builderOf(form: string): BuilderKind {
  return form === "cpu" ? "processor" : "silicon";
}

/** Memory that a kind of builder takes whatever it builds: libraries, and their workspace. */
export function librariesBytes(builder: BuilderKind): number {
  return builder === "silicon" ? SILICON_LIBRARIES_BYTES + WORKSPACE_BYTES : 0;
}

/** What a board must have free before an engine of a model is begun, in bytes beside its reserves. */
export function buildNeeds(
  modelBytes: number,
  builder: BuilderKind,
): { diskBytes: number; memoryBytes: number } {
  return {
    diskBytes: DISK_PER_MODEL_BYTE * modelBytes,
    memoryBytes: BUILDER_BYTES + librariesBytes(builder) + MEMORY_PER_MODEL_BYTE * modelBytes,
  };
}
