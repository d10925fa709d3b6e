// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import * as pulumi from "@pulumi/pulumi";
import type {
  AcceleratorChoice,
  Band,
  BudgetArgs,
  DevicePipeline,
  DeviceStatus,
  PlanDemand,
  PlanLayers,
  PlanMinutes,
  PlanVerdict,
  PrecisionChoice,
  Problem,
} from "./types.ts";

export interface GetDeviceArgs {
  /** Name in the fleet. */
  name: pulumi.Input<string>;
}

export interface GetDeviceResult {
  /** Lower-case name, a DNS label. */
  name: string;
  /** Whether its agent is connected to the hub. */
  online: boolean;
  /** Version of its agent. */
  agentVersion?: string | undefined;
  /** Family of its module. */
  board?: string | undefined;
  /** The device-tree's model string. */
  model?: string | undefined;
  /** JetPack version of the board. */
  jetpack?: string | undefined;
  /** L4T version of the board. */
  l4t?: string | undefined;
  /** nvpmodel mode of the board. */
  powerMode?: string | undefined;
  /** True for a simulated board. */
  simulated?: boolean | undefined;
  /** What it is addressed by. */
  labels: Record<string, string>;
  /** What it runs. */
  pipelines: DevicePipeline[];
}

/** A device of the fleet, declared here or not, as it says of itself at the hub. */
export function getDevice(
  args: GetDeviceArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetDeviceResult> {
  return pulumi.runtime.invokeOutput("jetfleet:index:getDevice", { ...args }, opts);
}

export interface GetFleetStatusResult {
  /** Whether every device is online and every pipeline runs. */
  healthy: boolean;
  /** All that the hub knows. */
  devices: DeviceStatus[];
  /** All that is wrong. */
  problems: Problem[];
}

/** All devices and pipelines of the fleet and what is wrong, as `jetfleet status` says. */
export function getFleetStatus(
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetFleetStatusResult> {
  return pulumi.runtime.invokeOutput("jetfleet:index:getFleetStatus", {}, opts);
}

export interface PlanEngineArgs {
  /** Path of the ONNX file. */
  source: pulumi.Input<string>;
  /** Module or family, such as agx-xavier-16gb. */
  board: pulumi.Input<string>;
  /** JetPack version. Default: the newest. */
  jetpack?: pulumi.Input<string | undefined>;
  /** Default: the fastest. */
  powerMode?: pulumi.Input<string | undefined>;
  /** Where the model runs on the board's silicon. Default: auto. */
  accelerator?: pulumi.Input<AcceleratorChoice | undefined>;
  /** What the model computes in. Default: auto, FP16 where it is fast. */
  precision?: pulumi.Input<PrecisionChoice | undefined>;
  /**
   * What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status
   * tells when it is not met. Exceeded for five seconds, the device takes a step, and further ones:
   * the model looks at every 2nd, 3rd, 4th, 6th, 8th frame, where there is a tracker; then, for
   * latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live sources is admitted.
   * After fifteen seconds with a fifth of room it takes a step back. Events and status say so.
   */
  budget?: pulumi.Input<BudgetArgs | undefined>;
}

export interface PlanEngineResult {
  /** Whether the board can run it; absent when there is no plan. */
  verdict: PlanVerdict;
  /**
   * Whether what is asked for is met; unknown when nobody can say. Absent when nothing was asked
   * for.
   */
  demand?: PlanDemand | undefined;
  /** The plan, or why there is none, in a sentence. */
  summary: string;
  /** Model that it was made for. */
  modelDigest?: string | undefined;
  /** Module that it was made for. */
  module?: string | undefined;
  /** JetPack that it was made for. */
  jetpack?: string | undefined;
  /** Power mode that it was made for. */
  powerMode?: string | undefined;
  /** gpu, dla0, dla1 or split. */
  accelerator?: string | undefined;
  /** fp32, fp16 or int8. */
  precision?: string | undefined;
  /** Pictures a second when nothing else runs, with the bounds of 80 %. */
  estimatedFps?: Band | undefined;
  /** Milliseconds from frame to result of one inference. */
  latencyMs?: Band | undefined;
  /** Memory of the engine. */
  engineMemoryBytes?: number | undefined;
  /** Layers per device, and the main reasons why not on DLA. */
  layers?: PlanLayers | undefined;
  /** Minutes that building the engine may take. */
  buildMinutes?: PlanMinutes | undefined;
  /** What to know before relying on it, such as demands that may not be met. */
  warnings?: string[] | undefined;
  /** What the estimate rests on. */
  basis: string[];
}

/** What a model would do on a board's silicon, as a preview says of a Pipeline. */
export function planEngine(
  args: PlanEngineArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<PlanEngineResult> {
  return pulumi.runtime.invokeOutput("jetfleet:index:planEngine", { ...args }, opts);
}
