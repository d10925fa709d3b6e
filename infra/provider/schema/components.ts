import { DeviceSpec, ModelSpec } from "../../../fleet/spec/index.ts";
import { DeviceState } from "../resources/device/state.ts";
import { RESOURCES } from "../resources/index.ts";
import { ModelState } from "../resources/model.ts";
import { PipelineInputs } from "../resources/pipeline-inputs.ts";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";
import { nameOf, type PropertySpec, type ResourceSpec, type TypeSpec } from "./spec.ts";
import type { TypeTable } from "./types.ts";

/**
 * Components of infra/sdk as other languages see them: what holds devices, pipelines and sites by name is plain, as what
 * there is to declare must be known when the program runs; what they are may be known later. What stands in these is not
 * marked plain, nor is anything called `defaults`: Pulumi's generator for Go writes of either what does not compile.
 */
export function componentSchemas(types: TypeTable): [token: string, spec: ResourceSpec][] {
  const devices = pathsBelow("Device", ["devices", "*"], ["common"]);
  const pipelines = pathsBelow("Pipeline", ["pipelines", "*"]);
  const ofSite = [...devices, ...pipelines];
  const site = types.object(SITE, "Site", ofSite);
  const ofFleet = ofSite.map((path) => ["sites", "*", ...path]);
  const fleet = types.object(FLEET, "Fleet", ofFleet);
  const nested = types.specs["jetfleet:index:FleetSite"];
  for (const one of [site, fleet, nested]) {
    if (one && "properties" in one) one.properties = allPlain(one.properties);
  }
  const facts = jsonSchema(DeviceState).properties?.["facts"] ?? {};
  const manifest = jsonSchema(ModelState).properties?.["manifest"] ?? {};
  const siteOutputs = types.object(object({ facts: byName(facts, FACTS) }), "Site");
  const fleetOutputs = types.object(
    object({
      facts: byName(byName(facts), `${FACTS} Sites by name.`),
      manifests: byName(manifest, "What pipelines beside those of the sites take as their model."),
    }),
    "Fleet",
  );
  const component = { isComponent: true as const };
  return [
    [
      "jetfleet:index:Site",
      {
        ...{ ...component, description: SITE_SAYS, inputProperties: site.properties },
        ...{ requiredInputs: site.required, properties: siteOutputs.properties },
        required: Object.keys(siteOutputs.properties),
      },
    ],
    [
      "jetfleet:index:Fleet",
      {
        ...{ ...component, description: FLEET_SAYS, inputProperties: fleet.properties },
        ...{ requiredInputs: fleet.required, properties: fleetOutputs.properties },
        required: Object.keys(fleetOutputs.properties),
      },
    ],
  ];
}

const SITE_SAYS =
  "Devices at one place that run the same. A device is named `<site>-<device>` and labelled with its `site`; its pipelines " +
  "are named as they are here.";
const FLEET_SAYS =
  "All of a fleet that one program has: its models, and sites whose pipelines run them.";
const FACTS = "What pipelines beside these take as their device, by the name of the device.";

/** What no two devices have in common. */
const OWN = new Set(["name", "address"]);

/** A default would stand in the way of what the site says for all its devices; the provider fills it in. */
const DEVICE = withoutDefaults(jsonSchema(DeviceSpec).properties ?? {});
const PIPELINE = without(jsonSchema(PipelineInputs), ["device", "name"]);

const SITE = siteOf(
  named("SitePipeline", "A pipeline that each device of a site is to run.", PIPELINE),
);

const FLEET = object({
  models: byName(
    named(
      "FleetModel",
      "A model that pipelines of the fleet may run.",
      without(jsonSchema(ModelSpec), ["name"]),
    ),
    "Models by name, which the pipelines of the sites may name. Default: none.",
  ),
  sites: byName(
    named(
      "FleetSite",
      SITE_SAYS,
      siteOf(
        named("FleetPipeline", "A pipeline that each device of a site is to run.", {
          ...PIPELINE,
          properties: {
            ...PIPELINE.properties,
            detect: namedModel(PIPELINE.properties?.["detect"], "FleetDetect"),
            secondary: namedModels(PIPELINE.properties?.["secondary"]),
          },
        }),
      ),
    ),
    "Sites by name. Default: none.",
  ),
});

function siteOf(pipeline: JsonSchema): JsonSchema {
  const device = object(DEVICE);
  const common = object(
    Object.fromEntries(Object.entries(DEVICE).filter(([key]) => !OWN.has(key))),
  );
  const site = object({
    common: {
      ...named("SiteCommon", "What the devices of a site have in common.", common),
      description: "What devices have in common, such as `ssh`; a device may say otherwise.",
    },
    devices: byName(
      named("SiteDevice", "A device of a site.", device),
      "Devices by the name that they have within the site.",
    ),
    pipelines: byName(pipeline, "Pipelines by name; each device runs each of them. Default: none."),
  });
  return { ...site, required: ["devices"] };
}

/** What holds a model, such as `detect`, with its name in the place of its manifest. */
function namedModel(holder: JsonSchema = {}, title: string): JsonSchema {
  const model = { type: "string", description: "Name of one of the fleet's `models`." };
  const properties = { ...holder.properties, model };
  return { ...holder, title, properties };
}

/** `secondary` likewise. */
function namedModels(secondary: JsonSchema = {}): JsonSchema {
  const { additionalProperties: one } = secondary;
  if (typeof one !== "object") throw new Error("expected an object of models by name");
  return { ...secondary, additionalProperties: namedModel(one, "FleetSecondary") };
}

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: "object", properties };
}

function byName(items: JsonSchema, description?: string): JsonSchema {
  const schema: JsonSchema = { type: "object", additionalProperties: items };
  return description === undefined ? schema : { ...schema, description };
}

function named(title: string, typeDescription: string, schema: JsonSchema): JsonSchema {
  return { ...schema, title, typeDescription };
}

function without(schema: JsonSchema, keys: readonly string[]): JsonSchema {
  const entries = Object.entries(schema.properties ?? {}).filter(([key]) => !keys.includes(key));
  const required = (schema.required ?? []).filter((key) => !keys.includes(key));
  return { type: "object", properties: Object.fromEntries(entries), required };
}

function withoutDefaults(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, { default: _, ...rest }]) => [key, rest]),
  );
}

/** Where the secrets of a resource are in what holds its arguments. */
function pathsBelow(name: string, ...holders: readonly string[][]): string[][] {
  const secrets = RESOURCES.find(({ type }) => nameOf(type) === name)?.rules.secrets ?? [];
  return holders.flatMap((holder) => secrets.map((path) => [...holder, ...path.split(".")]));
}

function allPlain(properties: Record<string, PropertySpec>): Record<string, PropertySpec> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => [key, { ...property, ...plain(property) }]),
  );
}

function plain(type: TypeSpec): TypeSpec {
  return { ...type, plain: true };
}
