import { z } from "zod";
import { ModelSwappedData } from "../../fleet/contract/index.ts";
import {
  type DeviceView,
  type FleetView,
  PipelineTruth,
  updateProgress,
} from "../../fleet/view/index.ts";

const { now: Figures, swaps } = PipelineTruth.shape;

const PipelineChange = z.object({
  pipeline: z.string(),
  swap: swaps.element.nullable().meta({
    description: "Told from the frame numbers alone; null when no truth is kept.",
  }),
  agent: ModelSwappedData.nullable().meta({ description: "The same by the device's own count." }),
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
      ...updateProgress(device, before.generatedAtMs),
      pipelines: device.pipelines.map(({ name, model, truth }) => {
        const former = old?.pipelines.find((pipeline) => pipeline.name === name);
        const isNew = former?.model?.digest !== model?.digest;
        const swap = truth?.swaps.findLast(({ toDigest }) => toDigest === model?.digest) ?? null;
        return {
          pipeline: name,
          swap: isNew ? swap : null,
          agent: swappedEvent(device, name, before.generatedAtMs),
          before: former?.truth?.now ?? null,
          after: truth?.now ?? null,
        };
      }),
    };
  });
}

function swappedEvent(
  { events }: DeviceView,
  pipeline: string,
  sinceMs: number,
): ModelSwappedData | null {
  const event = events.find(
    ({ kind, atMs, ...one }) =>
      kind === "model-swapped" && atMs >= sinceMs && one.pipeline === pipeline,
  );
  return ModelSwappedData.safeParse(event?.data).data ?? null;
}
