import { z } from "zod";
import { FleetError } from "../../../fleet/errors/index.ts";
import { Name } from "../../../fleet/spec/index.ts";
import type { ProviderFunction } from "./function.ts";

const Inputs = z.strictObject({ name: Name.meta({ description: "Name in the fleet." }) });

/** As the device itself says; what it did not say is not there. */
const Outputs = z.object({
  name: Name,
  online: z.boolean().meta({ description: "Whether its agent is connected to the hub." }),
  agentVersion: z.string().optional().meta({ description: "Version of its agent." }),
  board: z.string().optional().meta({ description: "Family of its module." }),
  model: z.string().optional().meta({ description: "The device-tree's model string." }),
  jetpack: z.string().optional().meta({ description: "JetPack version of the board." }),
  l4t: z.string().optional().meta({ description: "L4T version of the board." }),
  powerMode: z.string().optional().meta({ description: "nvpmodel mode of the board." }),
  simulated: z.boolean().optional().meta({ description: "True for a simulated board." }),
  labels: z.record(z.string(), z.string()).meta({ description: "What it is addressed by." }),
  pipelines: z
    .array(
      z
        .object({
          name: z.string().meta({ description: "Name on its device." }),
          state: z.string().meta({ description: "running when all is well." }),
          specDigest: z.string().meta({ description: "Version of the pipeline and its model." }),
        })
        .meta({ title: "DevicePipeline", description: "A pipeline as the device runs it." }),
    )
    .meta({ description: "What it runs." }),
});

export const getDevice: ProviderFunction = {
  token: "jetfleet:index:getDevice",
  description: "A device of the fleet, declared here or not, as it says of itself at the hub.",
  inputs: Inputs,
  outputs: Outputs,

  async answer(args, context, signal) {
    const { name } = Inputs.parse(args);
    const fleet = context();
    const known = (await fleet.hub(signal).listDevices()).map((one) => one.name);
    if (!known.includes(name)) {
      const got = known.length === 0 ? "none" : known.slice(0, 20).join(", ");
      throw new FleetError("USAGE", `Expected a device of the hub but ${name} is none of: ${got}`, {
        hint: "Name a device that was provisioned, or declare it.",
      });
    }
    return await fleet.withLink(signal, async (link) => {
      const [presence, reported] = [
        await link.readRetained(name, "presence"),
        await link.readRetained(name, "reported"),
      ];
      const { board, agentVersion, labels = {}, pipelines = [] } = reported ?? {};
      return {
        name,
        online: presence?.online ?? false,
        agentVersion,
        board: board?.board,
        model: board?.model,
        jetpack: board?.jetpack,
        l4t: board?.l4t,
        powerMode: board?.powerMode,
        simulated: board?.simulated,
        labels,
        pipelines: pipelines.map((one) => ({
          ...{ name: one.name, state: one.state },
          specDigest: one.specDigest,
        })),
      };
    });
  },
};
