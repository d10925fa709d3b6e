import type { PipelineStats } from "../../fleet/contract/index.ts";
import { formatCount } from "./format.ts";

/** What lines and zones have counted since the pipeline's start, a line each. */
export function analyticsLines({ analytics }: Pick<PipelineStats, "analytics">): string[] {
  const { lines = [], zones = [] } = analytics ?? {};
  return [
    ...lines.map(
      ({ name, in: into, out }) =>
        `  line ${name}: ${formatCount(into)} in, ${formatCount(out)} out`,
    ),
    ...zones.map(({ name, occupancy, entered, meanDwellMs }) => {
      const mean = meanDwellMs === null ? "" : `, ${(meanDwellMs / 1000).toFixed(1)} s on average`;
      return `  zone ${name}: ${formatCount(occupancy)} now, ${formatCount(entered)} entered${mean}`;
    }),
  ];
}
