import * as pulumi from "@pulumi/pulumi";
import type { AcceleratorChoice, PlanSummary, PrecisionChoice } from "../../fleet/spec/index.ts";
import type { BudgetArgs } from "./pipeline.ts";

export interface GetDeviceResult {
  name: string;
  /** Whether its agent is connected to the hub. */
  online: boolean;
  agentVersion?: string;
  /** Family of its module. */
  board?: string;
  /** The device-tree's model string. */
  model?: string;
  jetpack?: string;
  l4t?: string;
  powerMode?: string;
  simulated?: boolean;
  labels: Record<string, string>;
  /** What it runs. */
  pipelines: { name: string; state: string; specDigest: string }[];
}

/** A device of the fleet, declared here or not, as it says of itself at the hub. */
export function getDevice(
  args: { name: pulumi.Input<string> },
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetDeviceResult> {
  return pulumi.runtime.invokeOutput("jetfleet:index:getDevice", args, opts);
}

export interface GetFleetStatusResult {
  /** Whether every device is online and every pipeline runs. */
  healthy: boolean;
  devices: {
    name: string;
    /** online, offline, silent or unknown. */
    presence: string;
    /** `fps` is as measured. */
    pipelines: { name: string; state: string; fps?: number }[];
  }[];
  problems: {
    severity: string;
    device: string;
    pipeline?: string;
    code: string;
    message: string;
    hint: string;
  }[];
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
  /** Module or family, such as `agx-xavier-16gb`. */
  board: pulumi.Input<string>;
  /** Default: the newest for the board. */
  jetpack?: pulumi.Input<string>;
  /** Default: the fastest. */
  powerMode?: pulumi.Input<string>;
  accelerator?: pulumi.Input<AcceleratorChoice>;
  precision?: pulumi.Input<PrecisionChoice>;
  budget?: pulumi.Input<BudgetArgs>;
}

/** What a model would do on a board's silicon, as a preview says of a Pipeline. Talks to nobody. */
export function planEngine(
  args: PlanEngineArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<PlanSummary> {
  return pulumi.runtime.invokeOutput("jetfleet:index:planEngine", { ...args }, opts);
}
