import { z } from "zod";
import { parseJson } from "../release/index.ts";
import type { Candidate } from "./plan-schema.ts";

/** Where a builder put a layer, as the ABI's build reports it (`canRunOnDLA`) or an engine inspector does. */
export interface BuiltLayer {
  name: string;
  /** "gpu", "dla0"; null: where it was wanted. */
  accelerator: string | null;
  reason: string | null;
  /** ONNX nodes that it says it holds; absent where only its name tells. */
  nodes?: string[];
  /** Of its weights; absent where it has none, or nobody says. */
  precision?: Candidate["precision"];
}

const ReportedLayer = z.object({
  name: z.string(),
  accelerator: z.string().nullish(),
  place: z.string().nullish(),
  reason: z.string().nullish(),
});

/**
 * Layers out of what tells of an engine, as JSON: what an engine inspector writes, by itself or in the notes that are kept
 * with an engine of ours; a build's report; a bench's report. Nothing when the text is none of these.
 */
export function builtLayersOf(json: string): BuiltLayer[] {
  const told = (parseJson(json) ?? {}) as Record<string, unknown>;
  const inspector = (told["inspector"] ?? told) as Record<string, unknown>;
  if (Array.isArray(inspector["Layers"])) return inspectedLayers(JSON.stringify(inspector));
  if (!Array.isArray(told["layers"])) return [];
  return told["layers"].flatMap((layer: unknown): BuiltLayer[] => {
    const { data } = ReportedLayer.safeParse(layer);
    if (data === undefined) return [];
    const accelerator = data.accelerator ?? data.place ?? null;
    return [{ name: data.name, accelerator, reason: data.reason ?? null }];
  });
}

/** Layers of `IEngineInspector`'s JSON, detailed or by names alone; nothing when the text is none. */
export function inspectedLayers(json: string): BuiltLayer[] {
  const layers = (parseJson(json) as { Layers?: unknown } | null | undefined)?.Layers;
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((layer: unknown): BuiltLayer[] => {
    if (typeof layer === "string") return [{ name: layer, ...placeInName(layer) }];
    const told = (layer ?? {}) as Record<string, unknown>;
    const { Name: name, LayerType: type, Metadata } = told;
    if (typeof name !== "string") return [];
    const onDla = typeof type === "string" && /DLA/i.test(type);
    const nodes = typeof Metadata === "string" ? nodesIn(Metadata) : [];
    return [
      {
        name,
        accelerator: onDla ? "dla" : "gpu",
        reason: null,
        ...(nodes.length > 0 && { nodes }),
        ...precisionOf(told["Weights"]),
      },
    ];
  });
}

const PRECISIONS: ReadonlyMap<unknown, Candidate["precision"]> = new Map([
  ["Float", "fp32"],
  ["Half", "fp16"],
  ["Int8", "int8"],
] as const);

/** Of `{"Type": "Half", "Count": 432}`. */
function precisionOf(weights: unknown): Pick<BuiltLayer, "precision"> {
  const precision = PRECISIONS.get(((weights ?? {}) as { Type?: unknown }).Type);
  return precision === undefined ? {} : { precision };
}

/** Since TensorRT 8.6: "[ONNX Layer: /stem/Conv]", one after the other; newer ones add what else they know behind "|". */
function nodesIn(metadata: string): string[] {
  const told = [...metadata.matchAll(/\[ONNX Layer: ([^\]|]+?)\s*[\]|]/g)];
  return [...new Set(told.flatMap(([, node]) => node ?? []))];
}

/** Without details, only a part that a DLA took as one shows by its name. */
function placeInName(name: string): Pick<BuiltLayer, "accelerator" | "reason"> {
  return { accelerator: name.startsWith("{ForeignNode[") ? "dla" : "gpu", reason: null };
}
