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

/** What one layer took in a run, by the library's own profiler. */
export interface LayerTime {
  name: string;
  ms: number;
}

/**
 * Layers out of what a backend tells of its program: ONNX Runtime's trace, with times, or TensorRT's inspection, with
 * places, and the times of its profiler. Slowest first where there are times; a layer that only one of the two names is
 * there all the same. Empty when nothing is told.
 */
export function layersOf(inspection: string, times: readonly LayerTime[] = []): BenchLayer[] {
  const events = parseJson(inspection);
  if (!Array.isArray(events)) return inspected(inspection, times);
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

function inspected(json: string, times: readonly LayerTime[]): BenchLayer[] {
  const places = new Map(inspectedLayers(json).map((layer) => [layer.name, layer.accelerator]));
  const total = times.reduce((sum, { ms }) => sum + ms, 0);
  const timed = times.map(({ name, ms }): BenchLayer => {
    const share = total > 0 ? ms / total : null;
    return { name, type: null, place: places.get(name) ?? null, ms, share };
  });
  const names = new Set(times.map(({ name }) => name));
  const untimed = [...places].flatMap(([name, place]): BenchLayer[] =>
    names.has(name) ? [] : [{ name, type: null, place, ms: null, share: null }],
  );
  return [...timed.sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0)), ...untimed];
}
