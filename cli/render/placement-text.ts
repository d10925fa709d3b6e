import type { PlacementOpinions, Plan } from "../../fleet/plan/index.ts";
import { type Column, table } from "./table.ts";

const COLUMNS: Column[] = [
  { title: "  NODE", shrinksTo: 16 },
  { title: "OP" },
  { title: "PLANNER" },
  { title: "BUILDER" },
  { title: "", shrinksTo: 8 },
  { title: "WHY", shrinksTo: 20 },
];

/** Where the planner and the builder would have each node run: what they differ in first. */
export function placementLines(
  { opinions, disagreements, unmatched }: PlacementOpinions,
  { module, tensorrt }: Pick<Plan, "module" | "tensorrt">,
  width: number,
): string[] {
  const silent = opinions.filter(({ builder }) => builder === null).length;
  const sorted = [...opinions].sort((a, b) => rank(a) - rank(b));
  const rows = sorted.map(({ node, op, planner, builder, agree, rule, reason }) => [
    `  ${node}`,
    op,
    planner,
    builder ?? "unknown",
    agree === false ? "DIFFERS" : "",
    [reason === null ? "" : `builder: ${reason}`, rule === null ? "" : `planner: ${rule}`]
      .filter((why) => why !== "")
      .join("; "),
  ]);
  return [
    `${opinions.length} nodes on ${module} with TensorRT ${tensorrt ?? "unknown"}: ` +
      `${disagreements} where planner and builder differ, ` +
      `${silent} of which the builder names no layer (folded away, or fused under another name)`,
    ...(unmatched.length === 0
      ? []
      : [`${unmatched.length} layers of the builder that are no node: ${unmatched.join(", ")}`]),
    "",
    ...table(COLUMNS, rows, width),
  ];
}

function rank({ agree }: PlacementOpinions["opinions"][number]): number {
  if (agree === false) return 0;
  return agree === null ? 2 : 1;
}
