import type { AnalyticsSpec } from "../../fleet/spec/index.ts";
import type { NativeAnalytics } from "../../native/binding/api.ts";

/** Lines and zones in the terms of the addon. */
export function analyticsOptions({ lines, zones, updateMs }: AnalyticsSpec): NativeAnalytics {
  return {
    lines: Object.entries(lines ?? {}).map(([name, line]) => ({ name, ...line })),
    zones: Object.entries(zones ?? {}).map(([name, { points, ...zone }]) => ({
      name,
      ...zone,
      points: points.flat(),
    })),
    ...(updateMs !== undefined && { updateMs }),
  };
}
