import * as pulumi from "@pulumi/pulumi";
import { Device } from "./generated/device.ts";
import { Model } from "./generated/model.ts";
import {
  Pipeline as GeneratedPipeline,
  type PipelineArgs as GeneratedPipelineArgs,
} from "./generated/pipeline.ts";
import type {
  DeviceFactsArgs,
  DetectArgs as GeneratedDetectArgs,
  SecondaryArgs as GeneratedSecondaryArgs,
  ModelManifestArgs,
} from "./generated/types.ts";
import { mapEntries } from "./map-entries.ts";
import { misuse, requireArgs } from "./misuse.ts";

export interface DetectArgs extends Omit<GeneratedDetectArgs, "model"> {
  /** The model that finds objects: a Model of this program, or the manifest that another program exports of its own. */
  model: Model | pulumi.Input<ModelManifestArgs>;
}

export interface SecondaryArgs extends Omit<GeneratedSecondaryArgs, "model"> {
  /** Of decoder classification or reid: a Model of this program, or the manifest that another program exports of its own. */
  model: Model | pulumi.Input<ModelManifestArgs>;
}

/** Devices by name, those that bear all of these labels, or all of the fleet. */
export type ScopeArgs =
  | { to: "devices"; devices: pulumi.Input<pulumi.Input<string>[]> }
  | { to: "labels"; labels: pulumi.Input<Record<string, pulumi.Input<string>>> }
  | { to: "fleet" };

export interface PipelineArgs
  extends Omit<GeneratedPipelineArgs, "device" | "detect" | "secondary" | "scope"> {
  /** A Device of this program, or what another program exports of its own: a device is one program's. */
  device: Device | pulumi.Input<DeviceFactsArgs>;
  /** Object detection. */
  detect: DetectArgs;
  /** Second models by name, 1 to 4, which look at what the tracker follows; results tell their answers by these names. */
  secondary?: Record<string, SecondaryArgs>;
  /**
   * For whom the release key signs this version, and its set. Pipelines of one name, content and scope on several
   * devices are then one part, signed once. The device must be among them. Default: the device alone.
   */
  scope?: pulumi.Input<ScopeArgs>;
}

/** Video from a source through a model on one device. It is created when frames flow, and not before. */
export class Pipeline extends GeneratedPipeline {
  constructor(name: string, args: PipelineArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Pipeline", name, args);
    const { device, detect, secondary, ...rest } = args;
    if (typeof device !== "object" || device === null) {
      throw misuse("Pipeline", name, "device", "a jf.Device or what one exports", device);
    }
    requireModel(name, "detect.model", detect?.model);
    for (const [key, one] of Object.entries(secondary ?? {})) {
      requireModel(name, `secondary.${key}.model`, one?.model);
    }
    const inputs = {
      ...rest,
      device: device instanceof Device ? factsOf(device) : pulumi.output(device).apply(factsOf),
      detect: { ...detect, model: manifestOf(detect.model) },
      ...(secondary && {
        secondary: mapEntries(secondary, (_, one) => ({ ...one, model: manifestOf(one.model) })),
      }),
    };
    // With its device everything goes that runs there, so it need not be stopped first.
    super(name, inputs, { ...(device instanceof Device && { deletedWith: device }), ...opts });
  }
}

function requireModel(pipeline: string, property: string, model: unknown): void {
  if (typeof model === "object" && model !== null) return;
  throw misuse("Pipeline", pipeline, property, "a jf.Model or the manifest of one", model);
}

function manifestOf(model: DetectArgs["model"]): pulumi.Input<ModelManifestArgs> {
  return model instanceof Model ? model.manifest : model;
}

/** Of all that a device exports what its pipelines are checked and planned by. */
function factsOf<Facts extends Device | pulumi.Unwrap<DeviceFactsArgs>>({
  name,
  board,
  module,
  jetpack,
  libraryFaults,
  powerMode,
  simulated,
  labels,
  onUnreachable,
}: Facts) {
  const plannedBy = { module, jetpack, libraryFaults, powerMode, simulated };
  return { name, board, ...plannedBy, labels, onUnreachable };
}
