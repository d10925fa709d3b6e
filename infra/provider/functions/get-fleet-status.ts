import { z } from "zod";
import { FleetFeed } from "../../../fleet/hub/client/index.ts";
import type { ProviderFunction } from "./function.ts";

const Inputs = z.strictObject({});

const Outputs = z.object({
  healthy: z.boolean().meta({
    description: "Whether every device is online and every pipeline runs.",
  }),
  devices: z.array(
    z
      .object({
        name: z.string(),
        presence: z.string().meta({ description: "online, offline, silent or unknown." }),
        pipelines: z.array(
          z
            .object({
              name: z.string(),
              state: z.string(),
              fps: z.number().optional().meta({ description: "Frames a second, as measured." }),
            })
            .meta({ description: "A pipeline." }),
        ),
      })
      .meta({ description: "A device." }),
  ),
  problems: z.array(
    z
      .object({
        severity: z.string().meta({ description: "error or warning." }),
        device: z.string(),
        pipeline: z.string().optional(),
        code: z.string(),
        message: z.string(),
        hint: z.string().meta({ description: "What helps." }),
      })
      .meta({ description: "What is wrong." }),
  ),
});

export const getFleetStatus: ProviderFunction = {
  token: "jetfleet:index:getFleetStatus",
  description:
    "All devices and pipelines of the fleet and what is wrong, as `jetfleet status` says.",
  inputs: Inputs,
  outputs: Outputs,

  async answer(_args, context, signal) {
    const fleet = context();
    await fleet.hubInfo(signal);
    const feed = await FleetFeed.open(fleet.config.hubUrl, fleet.hub(signal));
    try {
      await feed.settle(signal);
      const { healthy, devices, problems } = feed.view();
      return {
        healthy,
        devices: devices.map(({ name, presence, pipelines }) => ({
          ...{ name, presence },
          pipelines: pipelines.map((one) => ({
            ...{ name: one.name, state: one.state },
            fps: one.stats?.fps,
          })),
        })),
        problems: problems.map(({ severity, device, pipeline, code, message, hint }) => ({
          ...{ severity, device, code, message, hint },
          pipeline: pipeline ?? undefined,
        })),
      };
    } finally {
      await feed.close();
    }
  },
};
