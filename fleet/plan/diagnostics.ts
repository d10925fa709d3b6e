import { unknownBeside } from "./admission.ts";
import type { PlacedCandidate } from "./candidates.ts";
import type { Demand } from "./demand.ts";
import type { MappedGraph } from "./layers/index.ts";
import { groupBy } from "./lists.ts";
import type { Diagnostic, NamedUsage } from "./plan-schema.ts";

export function refusalDiagnostics({ refusals, warnings }: MappedGraph): Diagnostic[] {
  const byMessage = groupBy(refusals, ({ rule, message }) => `${rule} ${message}`);
  const errors = [...byMessage.values()].flatMap(([first, ...rest]): Diagnostic[] =>
    first
      ? [
          {
            severity: "error",
            rule: first.rule,
            nodes: [first, ...rest].map(({ node }) => node),
            message: first.message,
            remedy: first.remedy,
          },
        ]
      : [],
  );
  const notes = warnings.map(
    (message): Diagnostic => ({
      severity: "warning",
      rule: "onnx.opset",
      nodes: [],
      message,
      remedy: null,
    }),
  );
  return [...errors, ...notes];
}

/** Other pipelines that could not be counted. */
export function besideDiagnostics(beside: readonly NamedUsage[]): Diagnostic[] {
  const names = unknownBeside(beside);
  if (names.length === 0) return [];
  return [
    {
      severity: "warning",
      rule: "beside.unknown",
      nodes: [],
      message: `what ${names.join(", ")} on the same device takes is not known in full, and not counted`,
      remedy: "say what its cameras send, or its least frame rate",
    },
  ];
}

/** A graph of a fixed batch makes its first picture wait for the last. */
export function batchDiagnostics(batch: number, { fps, parts }: Demand): Diagnostic[] {
  // The parts of a picture come together, and may fill it by themselves.
  if (batch === 1 || (parts.average === parts.most && parts.most % batch === 0)) return [];
  const wait =
    fps > 0 ? `: at ${fps.toFixed(0)} fps up to ${((1000 * (batch - 1)) / fps).toFixed(0)} ms` : "";
  return [
    {
      severity: "warning",
      rule: "model.batch",
      nodes: [],
      message: `one inference takes ${batch} pictures; they wait until the batch is full${wait}, beside the time given here`,
      remedy: "export the model with batch 1 where latency matters",
    },
  ];
}

/** What a DLA leaves to the GPU, one line per reason. */
export function placementDiagnostics(onDla: PlacedCandidate | null): Diagnostic[] {
  if (!onDla) return [];
  const fallen = onDla.placed.layers.flatMap((layer) => {
    const objection = onDla.placed.placements[layer.index]?.objection;
    return objection ? [{ layer, objection }] : [];
  });
  const byReason = groupBy(fallen, ({ objection }) => `${objection.rule} ${objection.message}`);
  return [...byReason.values()].flatMap((group): Diagnostic[] => {
    const [first] = group;
    if (!first) return [];
    const { rule, message, remedy } = first.objection;
    return [
      { severity: "info", rule, nodes: group.map(({ layer }) => layer.name), message, remedy },
    ];
  });
}
