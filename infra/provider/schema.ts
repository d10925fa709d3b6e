import { z } from "zod";
import { DeviceSpec, ModelSpec } from "../../fleet/spec/index.ts";
import { ProviderConfig } from "./config.ts";
import { FUNCTIONS, type ProviderFunction } from "./functions/index.ts";
import { DeviceState } from "./resources/device/state.ts";
import { RESOURCES } from "./resources/index.ts";
import { ModelState } from "./resources/model.ts";
import { PipelineInputs, PipelineState } from "./resources/pipeline-inputs.ts";

/** The part of JSON Schema that zod writes for our schemas. */
interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
}

type Json = Record<string, unknown>;

const DESCRIPTIONS: Record<string, string> = {
  Device: "One unit of the fleet: a Jetson that runs the jetfleet agent.",
  Model: "An ONNX detector, stored at the hub under the digest of its file.",
  Pipeline: "Video from a source through a model on one device. Ready when frames flow.",
};

const SCHEMAS: Record<string, { inputs: z.ZodObject; state: z.ZodObject }> = {
  Device: { inputs: DeviceSpec, state: DeviceState },
  Model: { inputs: ModelSpec, state: ModelState },
  Pipeline: { inputs: PipelineInputs, state: PipelineState },
};

/** Outputs that Pulumi knows as optional. */
const MAY_BE_NULL = Object.entries(DeviceState.shape)
  .filter(([, type]) => type.safeParse(null).success)
  .map(([key]) => key);

/** The package's schema for the engine and for other languages, generated from the zod schemas. */
export function packageSchema(version: string): Json {
  const types: Record<string, Json> = {};
  const resources = RESOURCES.map(({ type, rules }) => {
    const name = type.split(":").at(-1) ?? "";
    const schemas = SCHEMAS[name];
    if (!schemas) throw new Error(`no schema for ${type}`);
    return [type, resourceSchema(name, schemas, rules.secrets, types)] as const;
  });
  const config = jsonSchema(ProviderConfig);
  const variables = objectOf(config, "Provider", [], types);
  return {
    name: "jetfleet",
    displayName: "jetfleet",
    version,
    description: "Fleets of NVIDIA Jetson boards managed as code.",
    license: "Apache-2.0",
    config: { variables: variables.properties },
    provider: { inputProperties: variables.properties, requiredInputs: variables.required },
    types,
    resources: Object.fromEntries(resources),
    functions: Object.fromEntries(
      FUNCTIONS.map((one) => [one.token, functionSchema(one, types)] as const),
    ),
  };
}

function functionSchema(
  { token, description, inputs, outputs }: ProviderFunction,
  types: Record<string, Json>,
): Json {
  const name = capital(token.split(":").at(-1) ?? "");
  const objectType = (schema: z.ZodObject, prefix: string) => ({
    type: "object",
    ...objectOf(jsonSchema(schema), prefix, [], types),
  });
  return {
    description,
    inputs: objectType(inputs, name),
    outputs: objectType(outputs, `${name}Result`),
  };
}

function resourceSchema(
  name: string,
  { inputs, state }: { inputs: z.ZodObject; state: z.ZodObject },
  secrets: readonly string[],
  types: Record<string, Json>,
): Json {
  const paths = secrets.map((path) => path.split("."));
  const input = objectOf(jsonSchema(inputs), name, paths, types);
  const output = objectOf(jsonSchema(state), name, [], types);
  // What holds a secret is no output: SDKs write outputs into their debug logs as they are.
  const isShown = (key: string) => !paths.some(([head]) => head === key);
  const shown = Object.entries(input.properties).filter(([key]) => isShown(key));
  return {
    description: DESCRIPTIONS[name],
    inputProperties: input.properties,
    // The name falls back to that of the resource in the program.
    requiredInputs: input.required.filter((key) => key !== "name"),
    properties: { ...Object.fromEntries(shown), ...output.properties },
    required: [...new Set([...input.required.filter(isShown), ...output.required])].filter(
      (key) => !MAY_BE_NULL.includes(key),
    ),
  };
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

function objectOf(
  schema: JsonSchema,
  prefix: string,
  secrets: readonly string[][],
  types: Record<string, Json>,
): { properties: Record<string, Json>; required: string[] } {
  const properties = Object.entries(schema.properties ?? {}).map(([key, part]) => {
    const below = stepInto(secrets, key);
    const property: Json = { ...typeOf(part, prefix + capital(key), below, types) };
    if (part.description) property["description"] = describe(part);
    if (isScalar(part.default)) property["default"] = part.default;
    if (below.some((path) => path.length === 0)) property["secret"] = true;
    return [key, property] as const;
  });
  return { properties: Object.fromEntries(properties), required: schema.required ?? [] };
}

function typeOf(
  schema: JsonSchema,
  name: string,
  secrets: readonly string[][],
  types: Record<string, Json>,
): Json {
  // The only unions here are "or null", which Pulumi writes as optional.
  if (schema.anyOf) {
    return typeOf(schema.anyOf.find(({ type }) => type !== "null") ?? {}, name, secrets, types);
  }
  if (Array.isArray(schema.type)) {
    return typeOf(
      { ...schema, type: schema.type.find((type) => type !== "null") ?? "string" },
      name,
      secrets,
      types,
    );
  }
  if (schema.type === "array") {
    const items = typeOf(schema.items ?? {}, name, stepInto(secrets, "*"), types);
    return { type: "array", items };
  }
  if (schema.type !== "object") return { type: schema.type ?? "string" };
  if (typeof schema.additionalProperties === "object") {
    const items = typeOf(schema.additionalProperties, name, stepInto(secrets, "*"), types);
    return { type: "object", additionalProperties: items };
  }
  const token = `jetfleet:index:${name}`;
  types[token] = {
    type: "object",
    ...(schema.description && { description: schema.description }),
    ...objectOf(schema, name, secrets, types),
  };
  return { $ref: `#/types/${token}` };
}

function describe({ description = "", enum: values }: JsonSchema): string {
  return values ? `${description} One of: ${values.join(", ")}.` : description;
}

function stepInto(secrets: readonly string[][], key: string): string[][] {
  return secrets.filter(([head]) => head === key || head === "*").map((path) => path.slice(1));
}

function isScalar(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
