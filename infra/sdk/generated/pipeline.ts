// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import * as pulumi from "@pulumi/pulumi";
import { inputsOf } from "../inputs.ts";
import type {
  Analytics,
  AnalyticsArgs,
  Budget,
  BudgetArgs,
  Detect,
  DetectArgs,
  DeviceFacts,
  DeviceFactsArgs,
  PipelineOwner,
  PlanSummary,
  Released,
  Scope,
  ScopeArgs,
  Secondary,
  SecondaryArgs,
  Sinks,
  SinksArgs,
  SourceArgs,
  Track,
  TrackArgs,
} from "./types.ts";

export interface PipelineArgs {
  /** Name on its device, a DNS label. Default: the name of the resource. */
  name?: pulumi.Input<string | undefined>;
  /**
   * Sources by name, 1 to 16. All meet the same model, frames of several in one batch; each has its
   * own tracker, and where one is lost the others go on.
   */
  sources: pulumi.Input<Record<string, pulumi.Input<SourceArgs>>>;
  /** Object detection. */
  detect: pulumi.Input<DetectArgs>;
  /** Tracking of detections from frame to frame. */
  track?: pulumi.Input<TrackArgs | undefined>;
  /**
   * Second models by name, 1 to 4, which look at what the tracker follows; results tell their
   * answers by these names.
   */
  secondary?: pulumi.Input<Record<string, pulumi.Input<SecondaryArgs>> | undefined>;
  /**
   * Lines and zones over what the tracker follows, which has to be there. Events go to the topic
   * events, counts into the statistics.
   */
  analytics?: pulumi.Input<AnalyticsArgs | undefined>;
  /** Where results go. Default: mqtt. */
  sinks?: pulumi.Input<SinksArgs | undefined>;
  /**
   * What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status
   * tells when it is not met. Exceeded for five seconds, the device takes a step, and further ones:
   * the model looks at every 2nd, 3rd, 4th, 6th, 8th frame, where there is a tracker; then, for
   * latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live sources is admitted.
   * After fifteen seconds with a fifth of room it takes a step back. Events and status say so.
   */
  budget?: pulumi.Input<BudgetArgs | undefined>;
  /** The device that runs the pipeline: `facts` of its resource. */
  device: pulumi.Input<DeviceFactsArgs>;
  /**
   * For whom the release key signs this version, and its set: devices by name, those that bear all
   * of these labels, or all of the fleet. Pipelines of one name, content and scope on several
   * devices are then one part. The device must be among them. Default: the device alone.
   */
  scope?: pulumi.Input<ScopeArgs | undefined>;
}

const TYPE = "jetfleet:index:Pipeline";

/** Outputs that are not named to Pulumi would not be there for programs. */
const OUTPUTS = [
  "name",
  "detect",
  "track",
  "secondary",
  "analytics",
  "sinks",
  "budget",
  "device",
  "scope",
  "specDigest",
  "released",
  "certifiedUntil",
  "owner",
  "hub",
  "state",
  "plan",
];

/** Dotted paths; `*` stands for any key. */
const SECRETS: readonly string[] = ["sources.*.uri"];

/**
 * Video from a source through a model on one device. It is created when frames flow, and not
 * before.
 */
export class Pipeline extends pulumi.CustomResource {
  /** Name on its device, a DNS label. Default: the name of the resource. */
  declare readonly name: pulumi.Output<string>;
  /** Object detection. */
  declare readonly detect: pulumi.Output<Detect>;
  /** Tracking of detections from frame to frame. */
  declare readonly track: pulumi.Output<Track | undefined>;
  /**
   * Second models by name, 1 to 4, which look at what the tracker follows; results tell their
   * answers by these names.
   */
  declare readonly secondary: pulumi.Output<Record<string, Secondary> | undefined>;
  /**
   * Lines and zones over what the tracker follows, which has to be there. Events go to the topic
   * events, counts into the statistics.
   */
  declare readonly analytics: pulumi.Output<Analytics | undefined>;
  /** Where results go. Default: mqtt. */
  declare readonly sinks: pulumi.Output<Sinks>;
  /**
   * What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status
   * tells when it is not met. Exceeded for five seconds, the device takes a step, and further ones:
   * the model looks at every 2nd, 3rd, 4th, 6th, 8th frame, where there is a tracker; then, for
   * latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live sources is admitted.
   * After fifteen seconds with a fifth of room it takes a step back. Events and status say so.
   */
  declare readonly budget: pulumi.Output<Budget | undefined>;
  /** The device that runs the pipeline: `facts` of its resource. */
  declare readonly device: pulumi.Output<DeviceFacts>;
  /**
   * For whom the release key signs this version, and its set: devices by name, those that bear all
   * of these labels, or all of the fleet. Pipelines of one name, content and scope on several
   * devices are then one part. The device must be among them. Default: the device alone.
   */
  declare readonly scope: pulumi.Output<Scope | undefined>;
  /** Names this version of the pipeline and its model. */
  declare readonly specDigest: pulumi.Output<string>;
  /** The signed parts, by digest and number; absent until a version with parts releases it. */
  declare readonly released: pulumi.Output<Released | undefined>;
  /** Until when the hub may compose what the device runs; any `up` renews it in time. */
  declare readonly certifiedUntil: pulumi.Output<string | undefined>;
  /** As whose the hub has it; absent until a version that keeps it deploys it. */
  declare readonly owner: pulumi.Output<PipelineOwner | undefined>;
  /**
   * Fingerprint of the CA of the hub that holds it: after a move to another hub it is not there
   * yet.
   */
  declare readonly hub: pulumi.Output<string | undefined>;
  /**
   * running, starting, failed, stopped; absent or changed when it is not what was deployed;
   * unreachable when its device has yet to hear of it.
   */
  declare readonly state: pulumi.Output<string>;
  /** What the model will do on the silicon of the device. */
  declare readonly plan: pulumi.Output<PlanSummary | undefined>;

  constructor(name: string, args: PipelineArgs, opts?: pulumi.CustomResourceOptions) {
    super(TYPE, name, inputsOf("Pipeline", name, args, OUTPUTS, SECRETS), opts);
  }
}
