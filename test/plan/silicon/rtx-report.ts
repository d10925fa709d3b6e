import { z } from "zod";
import type { OnnxModel } from "../../../fleet/plan/onnx/index.ts";

/** Cards of the catalogue's x86 boards, by their compute capability. */
const CARDS: Readonly<Record<number, string>> = { 75: "x86-t4", 89: "x86-l4" };

const Facts = z.object({ tensorrtRtx: z.string(), computeCapability: z.number() });

/** What `inspect-rtx` prints. */
export const RtxBuilt = z.union([
  Facts.extend({ error: z.string() }),
  Facts.extend({
    buildSeconds: z.number(),
    engineBytes: z.number(),
    log: z.array(z.string()),
  }),
]);
export type RtxBuilt = z.infer<typeof RtxBuilt>;

/** An engine that TensorRT-RTX built for the card of a board, or why it did not. */
export const RtxReport = z.strictObject({
  model: z.string(),
  precision: z.enum(["fp32", "fp16"]),
  board: z.enum(["x86-t4", "x86-l4"]),
  tensorrtRtx: z.string(),
  error: z.string().nullable(),
  buildSeconds: z.number(),
  engineBytes: z.number(),
  /** Memory between layers, and of weights. */
  activationBytes: z.number(),
  weightsBytes: z.number(),
  /** Launches in order, each its type and the ONNX nodes that it computes, by spaces: none where it only moves. */
  launches: z.array(z.string()),
});
export type RtxReport = z.infer<typeof RtxReport>;

interface Launch {
  type: string;
  nodes: string[];
}

export function toLaunch(text: string): Launch {
  const [type = "", ...nodes] = text.split(" ");
  return { type, nodes };
}

/** Makes a report of what was built, naming of each launch only nodes that the model has. */
export function toRtxReport(
  { name, precision }: { name: string; precision: string },
  built: RtxBuilt,
  { graph }: OnnxModel,
): RtxReport {
  const { tensorrtRtx, computeCapability } = built;
  const board = CARDS[computeCapability];
  const facts = { model: name, precision, board, tensorrtRtx };
  if ("error" in built) return RtxReport.parse({ ...facts, ...NOTHING, error: built.error });
  const { log, buildSeconds, engineBytes } = built;
  const names = namesOf(graph.nodes);
  return RtxReport.parse({
    ...facts,
    error: null,
    buildSeconds: Number(buildSeconds.toFixed(2)),
    engineBytes,
    activationBytes: bytesIn(log, "Total Activation Memory"),
    weightsBytes: bytesIn(log, "Total Weights Memory"),
    launches: once(log.flatMap((line) => launchOf(line, names) ?? [])),
  });
}

const NOTHING = {
  buildSeconds: 0,
  engineBytes: 0,
  activationBytes: 0,
  weightsBytes: 0,
  launches: [],
};

/** Our names by the parser's, which calls a node that has none after its first output. */
export function namesOf(nodes: OnnxModel["graph"]["nodes"]): Map<string, string> {
  return new Map(
    nodes.flatMap(({ name, outputs }): [string, string][] => [
      [`node_of_${outputs[0]}`, name],
      [name, name],
    ]),
  );
}

function bytesIn(log: readonly string[], what: string): number {
  const line = log.find((one) => one.startsWith(what));
  return Number(/: (\d+) bytes/.exec(line ?? "")?.[1]);
}

/** One line of the engine's listing; null where streams only wait for each other. */
function launchOf(line: string, names: ReadonlyMap<string, string>): Launch | null {
  const type = /^Name: .*?, LayerType: (\w+),/.exec(line)?.[1];
  if (type === undefined || type === "signal" || type === "wait") return null;
  const metadata = line.slice(line.lastIndexOf("Metadata: "));
  const nodes = [...metadata.matchAll(/\[ONNX Layer: ([^\]]+)\]/g)].flatMap(
    ([, node = ""]) => names.get(node) ?? [],
  );
  return { type, nodes: [...new Set(nodes)] };
}

/** A generated kernel is also named after products whose input or result it moves: those are not its own. */
function once(launches: readonly Launch[]): string[] {
  const computed = launches.filter(({ type }) => type !== "kgen");
  const elsewhere = new Set(computed.flatMap(({ nodes }) => nodes));
  return launches.map(({ type, nodes }) =>
    [type, ...nodes.filter((node) => type !== "kgen" || !elsewhere.has(node))].join(" "),
  );
}
