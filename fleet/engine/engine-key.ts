import { createHash } from "node:crypto";
import { z } from "zod";

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** On one line of a key, and without its separator at an end. */
export const word = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
const count = z.number().int().nonnegative().safe();
/** Memory that a build may limit: a DLA core's SRAM, its DRAM for itself and for what it shares; what a GPU's block shares. */
export const EnginePool = z.enum([
  "workspace",
  "dla-sram",
  "dla-local-dram",
  "dla-global-dram",
  "tactic-shared-memory",
]);
export type EnginePool = z.infer<typeof EnginePool>;

const dims = z.array(z.number().int().positive().safe()).min(1).max(8);

/**
 * All that decides whether an engine of one device is of use to another, or to the same one later. Null is a fact too:
 * the device has none of it.
 *
 * @see facts of the vendor's headers and guides: an engine and a timing cache hold for one version to the build number
 * and one GPU model; not for a DLA core, whose number is given when the engine is loaded.
 */
export const EngineFactsSchema = z
  .strictObject({
    /** Of the ONNX file. */
    model: sha256,
    /** Of the files that its weights lie in, by their names in the model. */
    externalData: z.record(word, sha256),
    backend: z.enum(["tensorrt", "tensorrt-rtx"]),
    /** As the library says, "8.6.2". */
    version: word,
    /** Of the package that it came in, "8.6.2.3-1+cuda12.2"; null when nobody knows. */
    packageVersion: word.nullable(),
    /** L4T of a Jetson, "36.3.0". */
    l4t: word.nullable(),
    /** "tegra234" of a Jetson; the GPU's name elsewhere. */
    soc: word,
    /** "8.7". */
    computeCapability: z.string().regex(/^\d{1,2}\.\d$/),
    /** P-number of a Jetson's module, "3767-0000". */
    module: word.nullable(),
    /** Streaming multiprocessors that the power mode leaves on. */
    multiprocessors: count.min(1),
    /** Which core of several is no part of it. */
    accelerator: z.enum(["gpu", "dla"]),
    gpuFallback: z.boolean(),
    precision: z.enum(["fp32", "fp16", "int8"]),
    /** Of the calibration table; null where none is used. */
    calibration: sha256.nullable(),
    /** INT8 ranges are the least and greatest values seen, not those that lose least information. */
    minMaxRanges: z.boolean(),
    /** Names of ONNX nodes that compute in float32 whatever the precision. A set: their order is none of its matter. */
    float32Nodes: z.array(word),
    allowTf32: z.boolean(),
    /** 1 to 6; null: the library's own. */
    effort: count.min(1).max(6).nullable(),
    /** Of inputs with open dimensions. */
    shapes: z.record(word, z.strictObject({ min: dims, opt: dims, max: dims })),
    /** Type and format of inputs and outputs where they are not the model's own: "fp16 chw16". */
    formats: z.record(word, word),
    /** Bytes by pool; a pool that is not named has the library's own limit. */
    pools: z.partialRecord(EnginePool, count),
    /** Versions of plugin libraries by name. */
    plugins: z.record(word, word),
  })
  .refine(({ precision, calibration }) => precision === "int8" || calibration === null, {
    message: "a calibration table is of use for int8 only",
    path: ["calibration"],
  })
  .refine(({ precision, minMaxRanges }) => precision === "int8" || !minMaxRanges, {
    message: "ranges are of use for int8 only",
    path: ["minMaxRanges"],
  });
export type EngineFacts = z.infer<typeof EngineFactsSchema>;

export interface EngineKey {
  /** A line for each fact that is there, in a fixed order; ends with a line break. */
  text: string;
  /** Names the engine in stores and on the wire. */
  digest: string;
}

/** Equal facts give equal keys, in whatever order records were written. Throws ZodError. */
export function engineKey(given: EngineFacts): EngineKey {
  const facts = EngineFactsSchema.parse(given);
  const lines = [
    "jetfleet engine 1",
    `model ${facts.model}`,
    ...each("external-data", facts.externalData, (digest) => digest),
    `library ${facts.backend} ${facts.version}`,
    ...some("package", facts.packageVersion),
    ...some("l4t", facts.l4t),
    `soc ${facts.soc}`,
    `compute-capability ${facts.computeCapability}`,
    ...some("module", facts.module),
    `multiprocessors ${facts.multiprocessors}`,
    `accelerator ${facts.accelerator}${facts.gpuFallback ? " with gpu fallback" : ""}`,
    `precision ${facts.precision}${facts.allowTf32 ? " with tf32" : ""}`,
    ...some("calibration", facts.calibration),
    ...(facts.minMaxRanges ? ["ranges min-max"] : []),
    ...[...new Set(facts.float32Nodes)]
      .sort()
      .map((node) => `float32-node ${JSON.stringify(node)}`),
    ...some("effort", facts.effort),
    ...each("shape", facts.shapes, ({ min, opt, max }) =>
      [min, opt, max].map((shape) => shape.join("x")).join(" "),
    ),
    ...each("format", facts.formats, (format) => format),
    ...each("pool", facts.pools, (bytes) => String(bytes)),
    ...each("plugin", facts.plugins, (version) => version),
  ];
  const text = `${lines.join("\n")}\n`;
  return { text, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}

function some(name: string, fact: string | number | null): string[] {
  return fact === null ? [] : [`${name} ${fact}`];
}

/** The name as JSON, so that one with spaces cannot be taken for another with a value. */
function each<T>(name: string, facts: Record<string, T>, text: (fact: T) => string): string[] {
  return Object.keys(facts)
    .sort()
    .map((key) => `${name} ${JSON.stringify(key)} ${text(facts[key] as T)}`);
}
