import * as pulumi from "@pulumi/pulumi";
import { Device, type DeviceArgs } from "./generated/device.ts";
import type { Model } from "./generated/model.ts";
import { mapEntries } from "./map-entries.ts";
import { misuse, requireArgs } from "./misuse.ts";
import { type DetectArgs, Pipeline, type PipelineArgs, type SecondaryArgs } from "./pipeline.ts";

/** A pipeline that each device of a site is to run. */
export interface SitePipelineArgs
  extends Omit<PipelineArgs, "device" | "name" | "detect" | "secondary"> {
  /** `model`: a Model or the manifest of one, or the name of one of the site's or its fleet's `models`. */
  detect: Omit<DetectArgs, "model"> & { model: DetectArgs["model"] | string };
  /** Likewise, by name; see Pipeline. */
  secondary?: Record<
    string,
    Omit<SecondaryArgs, "model"> & { model: SecondaryArgs["model"] | string }
  >;
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
    const wanted = mapEntries(pipelines, (key, { detect, secondary, ...rest }) => {
      const found = (property: string, said: DetectArgs["model"] | string) =>
        modelOf(name, `pipelines.${key}.${property}`, args, said);
      return {
        ...rest,
        name: key,
        detect: { ...detect, model: found("detect.model", detect.model) },
        ...(secondary && {
          secondary: mapEntries(secondary, (own, one) => ({
            ...one,
            model: found(`secondary.${own}.model`, one.model),
          })),
        }),
      };
    });
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
  property: string,
  { models }: SiteArgs,
  said: DetectArgs["model"] | string,
): DetectArgs["model"] {
  const model = typeof said === "string" ? models?.[said] : said;
  if (typeof model === "object" && model !== null) return model;
  const known = Object.keys(models ?? {});
  const expected = known.length > 0 ? `a jf.Model or one of ${known.join(", ")}` : "a jf.Model";
  throw misuse("Site", site, property, expected, said);
}
