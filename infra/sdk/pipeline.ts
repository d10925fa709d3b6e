import * as pulumi from "@pulumi/pulumi";
import type {
  AcceleratorChoice,
  BoardName,
  PlanSummary,
  PrecisionChoice,
  PreprocessChoice,
  TrackAlgorithm,
  UnreachablePolicy,
} from "../../fleet/spec/index.ts";
import { Device } from "./device.ts";
import { misuse, requireArgs } from "./misuse.ts";
import { Model } from "./model.ts";
import { isPlain, withSecrets } from "./secrets.ts";

export interface VideoArgs {
  /** Pixels. */
  width: pulumi.Input<number>;
  /** Pixels. */
  height: pulumi.Input<number>;
  /** Frames a second. */
  fps: pulumi.Input<number>;
}

export interface TlsArgs {
  /** PEM file on the device with the authorities that vouch for the camera. */
  caFile?: pulumi.Input<string>;
  /** SHA-256 of the camera's own certificate (DER), 64 hexadecimal digits in lower case. */
  fingerprint?: pulumi.Input<string>;
}

export interface SourceArgs {
  /** `rtsp://` camera, or `file://` path on the device. Kept secret, as it may hold a password. */
  uri: pulumi.Input<string>;
  /** RTSP transport to begin with; a camera that refuses it is read by the other one. Default: tcp. */
  transport?: pulumi.Input<"tcp" | "udp">;
  /**
   * A camera that sends no picture for so many milliseconds is lost and opened again. Default: four times the interval
   * its pictures have, at least five seconds.
   */
  stallTimeoutMs?: pulumi.Input<number>;
  /** What makes an `rtsps://` camera trusted beside the authorities the device knows. */
  tls?: pulumi.Input<TlsArgs>;
  /** Begin a file again at its end. Default: false. */
  loop?: pulumi.Input<boolean>;
  /**
   * What the source is said to send. The plan counts it against the board's decoder and, unless `budget.minFps` says
   * otherwise, the model's frames a second; what really comes is measured.
   */
  video?: pulumi.Input<VideoArgs>;
}

export interface DetectArgs {
  model: Model;
  /** Detections below this score are dropped. Default: 0.4. */
  minScore?: pulumi.Input<number>;
  /** Boxes of one class that overlap more than this are merged. Default: 0.45. */
  nmsIou?: pulumi.Input<number>;
  /**
   * Where the model runs on the board's silicon; `split` spreads frames over the GPU and all DLAs. Default: auto, the
   * plan chooses by the budget and says why. This version plans with it, and runs models on the CPU.
   */
  accelerator?: pulumi.Input<AcceleratorChoice>;
  /**
   * Default: auto, FP16 where it is fast. INT8 needs calibration, so it must be asked for. This version plans with it,
   * and runs models as they are.
   */
  precision?: pulumi.Input<PrecisionChoice>;
  /**
   * What brings pictures into the model's input. Default: auto, the backend's own engine where it has one, else cpu. One
   * that the device's backend does not have is refused, not replaced.
   */
  preprocess?: pulumi.Input<PreprocessChoice>;
}

export interface TrackArgs {
  /** Default: bytetrack. */
  algorithm?: pulumi.Input<TrackAlgorithm>;
}

export interface BudgetArgs {
  /** Frames a second that must leave the pipeline, of all its sources. */
  minFps?: pulumi.Input<number>;
  /** Milliseconds from capture to the sinks that 95 of 100 frames must keep. */
  latencyP95Ms?: pulumi.Input<number>;
}

export interface SinksArgs {
  /** Frames with their objects on the topic `detections/<pipeline>`. */
  mqtt?: pulumi.Input<Record<string, never>>;
}

export interface PipelineArgs {
  /** Name on its device. Default: the name of the resource. */
  name?: pulumi.Input<string>;
  /** A Device of this program, or what another program exports of its own: a device is one program's. */
  device: Device | pulumi.Input<DeviceFacts>;
  /** Sources by name; this version takes exactly one. */
  sources: pulumi.Input<Record<string, pulumi.Input<SourceArgs>>>;
  detect: DetectArgs;
  /** Without it, detections are not tracked from frame to frame. */
  track?: pulumi.Input<TrackArgs>;
  /** Default: mqtt. */
  sinks?: pulumi.Input<SinksArgs>;
  /**
   * What the pipeline must achieve. A preview refuses what the board's silicon cannot give by the plan's estimate;
   * `jetfleet status` tells when what is measured does not keep it.
   */
  budget?: pulumi.Input<BudgetArgs>;
  /**
   * For whom the release key signs this version, and its set. Pipelines of one name, content and scope on several
   * devices are then one part, signed once. The device must be among them. Default: the device alone.
   */
  scope?: pulumi.Input<ScopeArgs>;
}

/** What a Pipeline needs of its device; an exported Device has all of it. */
export interface DeviceFacts {
  name: pulumi.Input<string>;
  board: pulumi.Input<BoardName>;
  module?: pulumi.Input<string | undefined>;
  jetpack?: pulumi.Input<string | undefined>;
  libraryFaults?: pulumi.Input<string[] | undefined>;
  powerMode?: pulumi.Input<string | undefined>;
  simulated?: pulumi.Input<boolean | undefined>;
  labels?: pulumi.Input<Record<string, pulumi.Input<string>> | undefined>;
  onUnreachable?: pulumi.Input<UnreachablePolicy | undefined>;
}

/** Devices by name, those that bear all of these labels, or all of the fleet. */
export type ScopeArgs =
  | { to: "devices"; devices: pulumi.Input<pulumi.Input<string>[]> }
  | { to: "labels"; labels: pulumi.Input<Record<string, pulumi.Input<string>>> }
  | { to: "fleet" };

/** Video from a source through a model on one device. It is created when frames flow, and not before. */
export class Pipeline extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** `running` when all is well. */
  declare readonly state: pulumi.Output<string>;
  /** Names this version of the pipeline and its model. */
  declare readonly specDigest: pulumi.Output<string>;
  /** What the model was estimated to do on the silicon of the device when it was deployed. */
  declare readonly plan: pulumi.Output<PlanSummary | undefined>;

  constructor(name: string, args: PipelineArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Pipeline", name, args);
    const { device, detect } = args;
    if (typeof device !== "object" || device === null) {
      throw misuse("Pipeline", name, "device", "a jf.Device or what one exports", device);
    }
    if (!(detect?.model instanceof Model)) {
      throw misuse("Pipeline", name, "detect.model", "a jf.Model", detect?.model);
    }
    const inputs = {
      name: undefined,
      ...args,
      device: device instanceof Device ? factsOf(device) : pulumi.output(device).apply(factsOf),
      detect: { ...detect, model: detect.model.manifest },
      sources: withSecretUris(args.sources),
      specDigest: undefined,
      state: undefined,
      plan: undefined,
    };
    // With its device everything goes that runs there, so it need not be stopped first.
    super("jetfleet:index:Pipeline", name, inputs, {
      ...(device instanceof Device && { deletedWith: device }),
      ...opts,
    });
  }
}

/** Of all that a device exports what its pipelines are checked and planned by. */
function factsOf<Facts extends Device | pulumi.Unwrap<DeviceFacts>>({
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

type Sources = PipelineArgs["sources"];

function withSecretUris(sources: Sources): Sources {
  if (!isPlain(sources)) return pulumi.output(sources).apply(withSecretUris as never);
  const entries = Object.entries(sources as Record<string, pulumi.Input<SourceArgs>>);
  return Object.fromEntries(entries.map(([key, source]) => [key, withSecrets(source, ["uri"])]));
}
