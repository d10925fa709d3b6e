import { z } from "zod";

/** What became of a model in one engine: the layers in order of execution, with the ONNX nodes that each holds. */
export const EngineReport = z.strictObject({
  name: z.string(),
  precision: z.enum(["fp32", "fp16", "int8"]),
  /** Builder optimisation level, and whether tactics that are compiled at build time were allowed. */
  level: z.number(),
  tactics: z.enum(["plain", "jit"]),
  tensorrt: z.string(),
  gpu: z.string(),
  /** Engines that were built at the same time on the same GPU, this one included. */
  builtAtOnce: z.number(),
  buildSeconds: z.number(),
  engineBytes: z.number(),
  deviceMemoryBytes: z.number(),
  enqueueMs: z.number(),
  layers: z.array(
    z.strictObject({
      type: z.string(),
      nodes: z.array(z.string()),
      /** Null where the profiler names no such layer. */
      ms: z.number().nullable(),
    }),
  ),
});
export type EngineReport = z.infer<typeof EngineReport>;

/** What `inspect-engine build` prints. */
export const Built = z.object({
  precision: EngineReport.shape.precision,
  level: z.number(),
  tactics: EngineReport.shape.tactics,
  buildSeconds: z.number(),
  engineBytes: z.number(),
});

/** What `inspect-engine measure` prints, with the inspector's own text in `engine`. */
export const Measured = z.object({
  tensorrt: z.string(),
  gpu: z.string(),
  deviceMemoryBytes: z.number(),
  enqueueMs: z.number(),
  layerMs: z.array(z.tuple([z.string(), z.number()])),
  engine: z.object({
    Layers: z.array(
      z.object({
        Name: z.string(),
        LayerType: z.string().default("unknown"),
        Metadata: z.string().default(""),
      }),
    ),
  }),
});

/** They hold no node, or one that takes no launch. */
const IDLE = ["Constant", "NoOp", "Reformat"];

/** Makes one report of both, with the layers that compute; `names` are our nodes' by those that TensorRT uses. */
export function toReport(
  name: string,
  builtAtOnce: number,
  built: z.infer<typeof Built>,
  measured: z.infer<typeof Measured>,
  names: ReadonlyMap<string, string>,
): EngineReport {
  const { layerMs, engine, ...facts } = measured;
  const times = new Map(layerMs);
  const layers = engine.Layers.filter(({ LayerType }) => !IDLE.includes(LayerType)).map(
    ({ Name, LayerType, Metadata }) => ({
      type: LayerType,
      nodes: nodesOf(Name, Metadata, names),
      ms: times.get(Name) ?? null,
    }),
  );
  return EngineReport.parse({ name, builtAtOnce, ...built, ...facts, layers });
}

/** Copies carry the name of a tensor or of the layer that they serve: they hold no node. */
const MOVES = /^Reformatting CopyNode| copy$/;

function nodesOf(name: string, metadata: string, names: ReadonlyMap<string, string>): string[] {
  if (MOVES.test(name)) return [];
  const told = [...metadata.matchAll(/\[ONNX Layer: ([^\]|]+?)\s*[\]|]/g)].map(([, node]) => node);
  const words = name.split(/[\s(),+|{}[\]]+|\.{3}/);
  return [...new Set([...told, ...words].flatMap((word) => names.get(word ?? "") ?? []))];
}
