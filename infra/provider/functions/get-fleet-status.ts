import { z } from "zod";
import { FleetFeed } from "../../../fleet/hub/client/index.ts";
import type { ProviderFunction } from "./function.ts";

const Inputs = z.strictObject({});

const Outputs = z.object({
  healthy: z.boolean().meta({
    description: "Whether every device is online and every pipeline runs.",
  }),
  devices: z
    .array(
      z
        .object({
          name: z.string().meta({ description: "Name in the fleet." }),
          presence: z.string().meta({ description: "online, offline, silent or unknown." }),
          pipelines: z
            .array(
              z
                .object({
                  name: z.string().meta({ description: "Name on its device." }),
                  state: z.string().meta({ description: "running when all is well." }),
                  fps: z.number().optional().meta({ description: "Frames a second, as measured." }),
                })
                .meta({ title: "PipelineStatus", description: "A pipeline." }),
            )
            .meta({ description: "What it runs." }),
        })
        .meta({ title: "DeviceStatus", description: "A device." }),
    )
    .meta({ description: "All that the hub knows." }),
  problems: z
    .array(
      z
        .object({
          severity: z.string().meta({ description: "error or warning." }),
          device: z.string().meta({ description: "Where it is." }),
          pipeline: z
            .string()
            .optional()
            .meta({ description: "Of which pipeline, where it is of one." }),
          code: z.string().meta({ description: "As in the table of error codes." }),
          message: z.string().meta({ description: "What was expected and what is." }),
          hint: z.string().meta({ description: "What helps." }),
        })
        .meta({ title: "Problem", description: "What is wrong." }),
    )
    .meta({ description: "All that is wrong." }),
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
