// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import * as pulumi from "@pulumi/pulumi";
import { inputsOf } from "../inputs.ts";
import type {
  Decoder,
  ModelInput,
  ModelInputArgs,
  ModelManifest,
  OwnDecoder,
  OwnDecoderArgs,
} from "./types.ts";

export interface ModelArgs {
  /** Name in the fleet, a DNS label. Default: the name of the resource. */
  name?: pulumi.Input<string | undefined>;
  /** Path of the ONNX file, relative to the program. */
  source: pulumi.Input<string>;
  /** Class names in the model's order. */
  labels: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Default: the one that fits the model, found by trying it on real pictures; where several do,
   * one must be named.
   */
  decoder?: pulumi.Input<Decoder | undefined>;
  /**
   * A decoder of your own: paths of shared objects that export the C interface
   * native/decoders/decoder_abi.h, relative to the program, one for each kind of machine that is to
   * run it. Devices verify them by their digests; they run in the process of the pipeline, with its
   * rights.
   */
  decoderLibrary?: pulumi.Input<OwnDecoderArgs | undefined>;
  /** How pictures get into the model. Default: as its decoder's family does. */
  input?: pulumi.Input<ModelInputArgs | undefined>;
  /** Of darknet's heads. Default: those of the published models. */
  anchors?: pulumi.Input<pulumi.Input<number>[] | undefined>;
  /**
   * Path of the calibration table for INT8, relative to the program: ranges that TensorRT found for
   * this very file (native/backends/tensorrt/files/calibration_table.h), good for every version and
   * device. A model with symmetric Q and DQ nodes needs none.
   */
  calibration?: pulumi.Input<string | undefined>;
  /**
   * Names of ONNX nodes that compute in float32 in engines of any precision, such as the first of a
   * model that takes samples from 0 to 255. Default: none.
   */
  float32Nodes?: pulumi.Input<pulumi.Input<string>[] | undefined>;
}

const TYPE = "jetfleet:index:Model";

/** Outputs that are not named to Pulumi would not be there for programs. */
const OUTPUTS = [
  "name",
  "source",
  "labels",
  "decoder",
  "decoderLibrary",
  "input",
  "anchors",
  "calibration",
  "float32Nodes",
  "digest",
  "sizeBytes",
  "manifest",
  "stored",
  "hub",
];

/** Dotted paths; `*` stands for any key. */
const SECRETS: readonly string[] = [];

/** An ONNX detector, stored at the hub under the digest of its file, which is also its id. */
export class Model extends pulumi.CustomResource {
  /** Name in the fleet, a DNS label. Default: the name of the resource. */
  declare readonly name: pulumi.Output<string>;
  /** Path of the ONNX file, relative to the program. */
  declare readonly source: pulumi.Output<string>;
  /** Class names in the model's order. */
  declare readonly labels: pulumi.Output<string[]>;
  /**
   * Default: the one that fits the model, found by trying it on real pictures; where several do,
   * one must be named.
   */
  declare readonly decoder: pulumi.Output<Decoder | undefined>;
  /**
   * A decoder of your own: paths of shared objects that export the C interface
   * native/decoders/decoder_abi.h, relative to the program, one for each kind of machine that is to
   * run it. Devices verify them by their digests; they run in the process of the pipeline, with its
   * rights.
   */
  declare readonly decoderLibrary: pulumi.Output<OwnDecoder | undefined>;
  /** How pictures get into the model. Default: as its decoder's family does. */
  declare readonly input: pulumi.Output<ModelInput | undefined>;
  /** Of darknet's heads. Default: those of the published models. */
  declare readonly anchors: pulumi.Output<number[] | undefined>;
  /**
   * Path of the calibration table for INT8, relative to the program: ranges that TensorRT found for
   * this very file (native/backends/tensorrt/files/calibration_table.h), good for every version and
   * device. A model with symmetric Q and DQ nodes needs none.
   */
  declare readonly calibration: pulumi.Output<string | undefined>;
  /**
   * Names of ONNX nodes that compute in float32 in engines of any precision, such as the first of a
   * model that takes samples from 0 to 255. Default: none.
   */
  declare readonly float32Nodes: pulumi.Output<string[] | undefined>;
  /** Content address of an artifact. */
  declare readonly digest: pulumi.Output<string>;
  /** Size of the file. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** What pipelines and devices need to know of the model. */
  declare readonly manifest: pulumi.Output<ModelManifest>;
  /** Whether the hub holds the file. */
  declare readonly stored: pulumi.Output<boolean>;
  /**
   * Fingerprint of the CA of the hub that holds it: after a move to another hub it is not there
   * yet.
   */
  declare readonly hub: pulumi.Output<string | undefined>;

  constructor(name: string, args: ModelArgs, opts?: pulumi.CustomResourceOptions) {
    super(TYPE, name, inputsOf("Model", name, args, OUTPUTS, SECRETS), opts);
  }
}
