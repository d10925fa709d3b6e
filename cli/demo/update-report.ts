import { z } from "zod";
import { type DeviceView, type FleetView, PipelineTruth } from "../fleet-view/index.ts";

const { now: Figures, swaps } = PipelineTruth.shape;

const PipelineChange = z.object({
  pipeline: z.string(),
  swap: swaps.element.nullable().meta({
    description: "Told from the frame numbers alone; null when no truth is kept.",
  }),
  before: Figures,
  after: Figures,
});

const DeviceChange = z.object({
  device: z.string(),
  /** The device fetched this much from the hub; null when it did not say. */
  bytes: z.number().nullable(),
  /** In order; the last one has not ended. */
  states: z.array(z.object({ state: z.string(), tookMs: z.number().nullable() })),
  pipelines: z.array(PipelineChange),
});
export type DeviceChange = z.infer<typeof DeviceChange>;

/** What `npm run demo -- --update --json` prints. */
export const UpdateReport = z.object({
  from: z.string(),
  to: z.string(),
  /** False: the fleet was so already. */
  changed: z.boolean(),
  /** Of the configuration and `pulumi up`. */
  tookMs: z.number(),
  /** Every figure is over enough frames. */
  enoughFrames: z.boolean(),
  devices: z.array(DeviceChange),
});
export type UpdateReport = z.infer<typeof UpdateReport>;

/** Pure: what changed on each device between two pictures of the fleet. */
export function deviceChanges(before: FleetView, after: FleetView): DeviceChange[] {
  return after.devices.map((device) => {
    const old = before.devices.find(({ name }) => name === device.name);
    return {
      device: device.name,
      ...updateOf(device, before.generatedAtMs),
      pipelines: device.pipelines.map(({ name, model, truth }) => {
        const former = old?.pipelines.find((pipeline) => pipeline.name === name);
        const isNew = former?.model?.digest !== model?.digest;
        const swap = truth?.swaps.findLast(({ toDigest }) => toDigest === model?.digest) ?? null;
        return {
          pipeline: name,
          swap: isNew ? swap : null,
          before: former?.truth?.now ?? null,
          after: truth?.now ?? null,
        };
      }),
    };
  });
}

const UpdateData = z.looseObject({
  state: z.string(),
  generation: z.number(),
  bytes: z.number().optional(),
});

/** From the device's own events: each state lasts until the next one. */
function updateOf(
  { events, generation }: DeviceView,
  sinceMs: number,
): Pick<DeviceChange, "bytes" | "states"> {
  const steps = events
    .filter(({ kind, atMs }) => kind === "update" && atMs >= sinceMs)
    .flatMap(({ atMs, data }) => {
      const parsed = UpdateData.safeParse(data);
      return parsed.success ? [{ atMs, ...parsed.data }] : [];
    })
    .filter((step) => step.generation === generation)
    .sort((a, b) => a.atMs - b.atMs);
  const bytes = steps.map((step) => step.bytes ?? -1).filter((count) => count >= 0);
  return {
    bytes: bytes.length > 0 ? Math.max(...bytes) : null,
    states: steps.map(({ state, atMs }, at) => {
      const next = steps[at + 1];
      return { state, tookMs: next ? next.atMs - atMs : null };
    }),
  };
}
