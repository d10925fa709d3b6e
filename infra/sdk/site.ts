import * as pulumi from "@pulumi/pulumi";
import { Device, type DeviceArgs } from "./generated/device.ts";
import type { Model } from "./generated/model.ts";
import { misuse, requireArgs } from "./misuse.ts";
import { type DetectArgs, Pipeline, type PipelineArgs } from "./pipeline.ts";

/** A pipeline that each device of a site is to run. */
export interface SitePipelineArgs extends Omit<PipelineArgs, "device" | "name" | "detect"> {
  /** `model`: a Model or the manifest of one, or the name of one of the site's or its fleet's `models`. */
  detect: Omit<DetectArgs, "model"> & { model: DetectArgs["model"] | string };
}

export interface SiteArgs {
  /** What devices have in common, such as `ssh`; a device may say otherwise. */
  common?: Partial<Omit<DeviceArgs, "name" | "address">>;
  /** Devices by the name that they have within the site. */
  devices: Record<string, DeviceArgs>;
  /** Pipelines by name; each device runs each of them. Default: none. */
  pipelines?: Record<string, SitePipelineArgs>;
  /** Models that pipelines may name. */
  models?: Record<string, Model>;
}

/**
 * Devices at one place that run the same. A device is named `<site>-<device>` and labelled with its `site`; its pipelines
 * are named as they are here.
 */
export class Site extends pulumi.ComponentResource {
  readonly devices: Readonly<Record<string, Device>>;
  /** By device and pipeline: `pipelines.door.entrance`. */
  readonly pipelines: Readonly<Record<string, Readonly<Record<string, Pipeline>>>>;

  constructor(name: string, args: SiteArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArgs("Site", name, args);
    super("jetfleet:index:Site", name, {}, opts);
    const { devices, pipelines = {} } = args;
    if (typeof devices !== "object" || devices === null) {
      throw misuse("Site", name, "devices", "an object of devices by name", devices);
    }
    const children = { parent: this };
    this.devices = mapEntries(
      devices,
      (key) => new Device(`${name}-${key}`, deviceArgs(name, args, key), children),
    );
    const wanted = mapEntries(pipelines, (key, { detect, ...rest }) => ({
      ...rest,
      name: key,
      detect: { ...detect, model: modelOf(name, key, args, detect.model) },
    }));
    this.pipelines = mapEntries(this.devices, (key, device) =>
      mapEntries(
        wanted,
        (pipeline, own) => new Pipeline(`${name}-${key}-${pipeline}`, { ...own, device }, children),
      ),
    );
    this.registerOutputs({});
  }
}

function deviceArgs(site: string, { common = {}, devices }: SiteArgs, key: string): DeviceArgs {
  const own = devices[key] ?? {};
  const { ssh: shared, ...others } = common;
  const ssh = own.ssh ?? shared;
  if (own.enroll === undefined && ssh === undefined) {
    throw misuse("Site", site, `devices.${key}.ssh`, "it there or in common", ssh);
  }
  const labels = pulumi
    .all([common.labels, own.labels])
    .apply(([theirs, mine]) => ({ site, ...theirs, ...mine }));
  return { ...others, ...own, labels, ...(own.enroll === undefined && ssh && { ssh }) };
}

function modelOf(
  site: string,
  pipeline: string,
  { models }: SiteArgs,
  said: DetectArgs["model"] | string,
): DetectArgs["model"] {
  const model = typeof said === "string" ? models?.[said] : said;
  if (typeof model === "object" && model !== null) return model;
  const known = Object.keys(models ?? {});
  const expected = known.length > 0 ? `a jf.Model or one of ${known.join(", ")}` : "a jf.Model";
  throw misuse("Site", site, `pipelines.${pipeline}.detect.model`, expected, said);
}

export function mapEntries<From, To>(
  entries: Readonly<Record<string, From>>,
  change: (key: string, value: From) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, change(key, value)]),
  );
}
