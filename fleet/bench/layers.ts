import { inspectedLayers } from "../plan/built-layers.ts";
import { parseJson } from "../release/index.ts";
import type { BenchLayer } from "./report.ts";

/** ONNX Runtime's trace has a span for each node's kernel, in microseconds. */
const KERNEL = /_kernel_time$/;

interface Span {
  name: string;
  type: string | null;
  place: string | null;
  ms: number;
  runs: number;
}

/**
 * Layers out of what a backend tells of its program: ONNX Runtime's trace, with times, or TensorRT's inspection, with
 * places. Slowest first where there are times. Empty when the text is neither.
 */
export function layersOf(inspection: string): BenchLayer[] {
  const events = parseJson(inspection);
  if (!Array.isArray(events)) return inspected(inspection);
  const spans = new Map<string, Span>();
  for (const event of events as unknown[]) addSpan(spans, event);
  const all = [...spans.values()].map(({ ms, runs, ...layer }) => ({ ...layer, ms: ms / runs }));
  const total = all.reduce((sum, { ms }) => sum + ms, 0);
  return all
    .map((layer) => ({ ...layer, share: total > 0 ? layer.ms / total : null }))
    .sort((a, b) => b.ms - a.ms);
}

function addSpan(spans: Map<string, Span>, event: unknown): void {
  const { cat, name, dur, args } = (event ?? {}) as Record<string, unknown>;
  if (cat !== "Node" || typeof name !== "string" || typeof dur !== "number") return;
  if (!KERNEL.test(name) || !(dur >= 0)) return;
  const { op_name: op, provider } = (args ?? {}) as Record<string, unknown>;
  const node = name.replace(KERNEL, "");
  const span = spans.get(node) ?? {
    name: node,
    type: typeof op === "string" ? op : null,
    place: provider === "CPUExecutionProvider" ? "cpu" : null,
    ms: 0,
    runs: 0,
  };
  span.ms += dur / 1000;
  ++span.runs;
  spans.set(node, span);
}

function inspected(json: string): BenchLayer[] {
  return inspectedLayers(json).map(({ name, accelerator }) => ({
    name,
    type: null,
    place: accelerator,
    ms: null,
    share: null,
  }));
}
