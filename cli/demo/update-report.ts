import { z } from "zod";
import { ModelSwappedData } from "../../fleet/contract/index.ts";
import { PipelineTruth, truthOf } from "../../fleet/sim/truth/overlay.ts";
import { type DeviceView, updateProgress } from "../../fleet/view/index.ts";
import type { Picture } from "./picture.ts";

const { now: Figures, swaps } = PipelineTruth.shape;

const PipelineChange = z.object({
  pipeline: z.string(),
  swap: swaps.element.nullable().meta({
    description: "Told from the frame numbers alone; null when no truth is kept.",
  }),
  agent: ModelSwappedData.nullable().meta({ description: "The same by the device's own count." }),
  /** That the pipeline counted meanwhile, for load and whatever else; null when it counts anew or says nothing. */
  dropped: z.number().int().nonnegative().nullable(),
  before: Figures,
  after: Figures,
  /** The device fetched this much from the hub for it; null when it did not say. */
  bytes: z.number().nullable(),
  /** In order; the last one has not ended. */
  states: z.array(z.object({ state: z.string(), tookMs: z.number().nullable() })),
});

const DeviceChange = z.object({
  device: z.string(),
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
  /** Of each pipeline, with each version. */
  wantedFrames: z.number().int().positive(),
  /** Every figure is over as many frames. */
  enoughFrames: z.boolean(),
  devices: z.array(DeviceChange),
});
export type UpdateReport = z.infer<typeof UpdateReport>;

/** Pure: what changed on each device between two pictures of the fleet. */
export function deviceChanges(before: Picture, after: Picture): DeviceChange[] {
  const sinceMs = before.view.generatedAtMs;
  return after.view.devices.map((device) => {
    const old = before.view.devices.find(({ name }) => name === device.name);
    return {
      device: device.name,
      pipelines: device.pipelines.map(({ name, model, stats }) => {
        const truth = truthOf(after.truth, device.name, name);
        const former = old?.pipelines.find((pipeline) => pipeline.name === name);
        const isNew = former?.model?.digest !== model?.digest;
        const swap = truth?.swaps.findLast(({ toDigest }) => toDigest === model?.digest) ?? null;
        return {
          pipeline: name,
          swap: isNew ? swap : null,
          agent: swappedEvent(device, name, sinceMs),
          dropped: countedMeanwhile(former?.stats?.droppedTotal, stats?.droppedTotal),
          before: truthOf(before.truth, device.name, name)?.now ?? null,
          after: truth?.now ?? null,
          ...updateProgress(device, name, sinceMs),
        };
      }),
    };
  });
}

function countedMeanwhile(before: number | undefined, after: number | undefined): number | null {
  return before === undefined || after === undefined || after < before ? null : after - before;
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
