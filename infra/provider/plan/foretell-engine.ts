import { z } from "zod";
import { ModelManifest, Name } from "../../../fleet/spec/index.ts";
import type { Log } from "../resources/resource.ts";
import { type Properties, reveal } from "../rpc/values.ts";
import { askEngines } from "./ask-engines.ts";
import { forecastEngine } from "./engine-preview.ts";
import { summaryIn } from "./pipeline-plan.ts";

const { name, digest, sizeBytes, calibration, float32Nodes } = ModelManifest.shape;
const Holder = z.object({
  model: z.object({ name, digest, sizeBytes, calibration, float32Nodes }),
});
/** What is needed to tell whether engines must be built. */
const Declared = z.object({
  device: z.object({ name: Name }),
  detect: Holder,
  secondary: z.record(z.string(), Holder).optional(),
});
/** What devices take for a secondary model, where they have it. */
const AUTO = { accelerator: "gpu", precision: "fp16" };
const NOT_YET = "whether an engine must be built is known once the device and the model are there";

/** Tells which engines a pipeline needs, and whether they are there, by what the hub holds of the devices' own words. */
export async function foretellEngine(
  hub: Parameters<typeof askEngines>[0],
  inputs: Properties,
  log: Log,
): Promise<void> {
  const declared = Declared.safeParse(reveal(inputs));
  // What other resources are yet to give is not known in a preview.
  if (!declared.success) return log(NOT_YET);
  const { device, detect, secondary = {} } = declared.data;
  const told = await askEngines(hub, device.name);
  const needed = [
    { model: detect.model, plan: summaryIn(inputs) },
    ...Object.values(secondary).map(({ model }) => ({ model, plan: AUTO })),
  ];
  for (const one of needed) {
    const { state, text } = forecastEngine({ device: device.name, ...one, ...told });
    log(text, state === "unbuildable" ? "warning" : "info");
  }
}
