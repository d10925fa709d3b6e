import * as pulumi from "@pulumi/pulumi";
import type { Decoder, ModelManifest } from "../../fleet/spec/index.ts";
import { requireArgs } from "./misuse.ts";

export interface ModelArgs {
  /** Name in the fleet. Default: the name of the resource. */
  name?: pulumi.Input<string>;
  /** Path of the ONNX file, relative to the program. */
  source: pulumi.Input<string>;
  /** Class names in the model's order. */
  labels: pulumi.Input<pulumi.Input<string>[]>;
  /** How the output is read. Default: yolox. */
  decoder?: pulumi.Input<Decoder>;
}

/** An ONNX detector, stored at the hub under the digest of its file, which is also its id. */
export class Model extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** `sha256:` digest of the file. */
  declare readonly digest: pulumi.Output<string>;
  declare readonly sizeBytes: pulumi.Output<number>;
  /** What pipelines and devices need to know of the model. */
  declare readonly manifest: pulumi.Output<ModelManifest>;

  constructor(name: string, args: ModelArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Model", name, args);
    super("jetfleet:index:Model", name, { ...OUTPUTS, ...args }, opts);
  }
}

// Outputs that are not named here or in the arguments would not be there for programs.
const OUTPUTS = {
  name: undefined,
  digest: undefined,
  sizeBytes: undefined,
  manifest: undefined,
};
