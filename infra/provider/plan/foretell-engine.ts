import { z } from "zod";
import { ModelManifest, Name } from "../../../fleet/spec/index.ts";
import type { Log } from "../resources/resource.ts";
import { type Properties, reveal } from "../rpc/values.ts";
import { askEngines } from "./ask-engines.ts";
import { forecastEngine } from "./engine-preview.ts";
import { summaryIn } from "./pipeline-plan.ts";

const { name, digest, sizeBytes, calibration, float32Nodes } = ModelManifest.shape;
/** What is needed to tell whether an engine must be built. */
const Declared = z.object({
  device: z.object({ name: Name }),
  detect: z.object({
    model: z.object({ name, digest, sizeBytes, calibration, float32Nodes }),
  }),
});
const NOT_YET = "whether an engine must be built is known once the device and the model are there";

/** Tells which engine a pipeline needs, and whether it is there, by what the hub holds of the devices' own words. */
export async function foretellEngine(
  hub: Parameters<typeof askEngines>[0],
  inputs: Properties,
  log: Log,
): Promise<void> {
  const declared = Declared.safeParse(reveal(inputs));
  // What other resources are yet to give is not known in a preview.
  if (!declared.success) return log(NOT_YET);
  const { device, detect } = declared.data;
  const told = await askEngines(hub, device.name);
  const plan = summaryIn(inputs);
  const { state, text } = forecastEngine({
    ...{ device: device.name, model: detect.model, plan },
    ...told,
  });
  log(text, state === "unbuildable" ? "warning" : "info");
}
