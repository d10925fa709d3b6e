import { z } from "zod";
import { BoardName, Name, UnreachablePolicy } from "../../../../fleet/spec/index.ts";
import type { Properties } from "../../rpc/values.ts";

/** Of all that a device is what its pipelines are checked and planned by. */
export const DeviceFacts = z
  .strictObject({
    name: Name,
    board: BoardName,
    module: z.string().optional().meta({ description: "What the plan is made for." }),
    jetpack: z.string().optional().meta({ description: "What the plan is made for." }),
    libraryFaults: z
      .array(z.string())
      .optional()
      .meta({ description: "What the plan warns of: libraries that are not as it takes them." }),
    powerMode: z.string().optional().meta({ description: "What the plan is made for." }),
    onUnreachable: UnreachablePolicy.optional(),
    machine: z.string().optional().meta({
      description: "What `uname -m` says: a decoder of a model's own must have a file for it.",
    }),
    simulated: z.boolean().optional().meta({ description: "Whether there is no real silicon." }),
    labels: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "What the device is addressed by; scope must be of these." }),
  })
  .meta({
    title: "DeviceFacts",
    description: "The device that runs the pipeline: `facts` of its resource.",
  });

/** The facts in a device's state, as far as it has them: what is null there is not known. */
export function factsOf(state: Properties): Properties {
  const entries = Object.keys(DeviceFacts.shape).map((key) => [key, state[key]] as const);
  return Object.fromEntries(
    entries.flatMap(([key, value]) =>
      value === undefined || value === null ? [] : [[key, value]],
    ),
  );
}
