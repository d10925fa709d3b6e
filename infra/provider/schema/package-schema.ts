import { z } from "zod";
import { DeviceSpec, ModelSpec } from "../../../fleet/spec/index.ts";
import { ProviderConfig } from "../config.ts";
import { FUNCTIONS, type ProviderFunction } from "../functions/index.ts";
import { DeviceState } from "../resources/device/state.ts";
import { RESOURCES } from "../resources/index.ts";
import { ModelState } from "../resources/model.ts";
import { PipelineInputs, PipelineState } from "../resources/pipeline-inputs.ts";
import { componentSchemas } from "./components.ts";
import { jsonSchema } from "./json-schema.ts";
import {
  capital,
  type FunctionSpec,
  nameOf,
  type PackageSpec,
  type PropertySpec,
  type ResourceSpec,
} from "./spec.ts";
import { TypeTable } from "./types.ts";

interface Described {
  description: string;
  inputs: z.ZodObject;
  state: z.ZodObject;
  /** What is always there in the end, though a program or a former state may lack it. */
  found?: readonly string[];
}

const DESCRIBED: Record<string, Described> = {
  Device: {
    description:
      "One Jetson of the fleet. Creating it installs the agent over SSH and waits until it is online; deleting it removes " +
      "all that was installed.",
    inputs: DeviceSpec,
    state: DeviceState,
    found: ["board", "facts"],
  },
  Model: {
    description:
      "An ONNX detector, stored at the hub under the digest of its file, which is also its id.",
    inputs: ModelSpec,
    state: ModelState,
  },
  Pipeline: {
    description:
      "Video from a source through a model on one device. It is created when frames flow, and not before.",
    inputs: PipelineInputs,
    state: PipelineState,
  },
};

/** Outputs that Pulumi knows as optional. */
const MAY_BE_NULL = Object.entries(DeviceState.shape)
  .filter(([, type]) => type.safeParse(null).success)
  .map(([key]) => key);

/** The package's schema for the engine and for other languages, generated from the zod schemas. */
export function packageSchema(version: string): PackageSpec {
  const types = new TypeTable();
  const resources = RESOURCES.map(
    ({ type, rules }) => [type, resourceSchema(nameOf(type), rules.secrets, types)] as const,
  );
  const components = componentSchemas(types);
  const functions = FUNCTIONS.map((one) => [one.token, functionSchema(one, types)] as const);
  const variables = types.object(jsonSchema(ProviderConfig), "Provider");
  return {
    name: "jetfleet",
    displayName: "jetfleet",
    version,
    description: "Fleets of NVIDIA Jetson boards managed as code.",
    license: "Apache-2.0",
    language: {
      python: { pyproject: { enabled: true }, respectSchemaVersion: true },
      // Nowhere to be fetched from: a program's go.mod says in which folder it is.
      go: {
        importBasePath: "jetfleet/sdk/go/jetfleet",
        rootPackageName: "jetfleet",
        respectSchemaVersion: true,
      },
    },
    config: { variables: withoutEnumDefaults(variables.properties) },
    provider: { inputProperties: variables.properties, requiredInputs: variables.required },
    types: types.specs,
    resources: Object.fromEntries([...resources, ...components]),
    functions: Object.fromEntries(functions),
  };
}

/** Pulumi's generator for Go writes of such a default what does not compile; the provider's own check fills it in. */
function withoutEnumDefaults(
  properties: Record<string, PropertySpec>,
): Record<string, PropertySpec> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, property]) => {
      const { default: _, ...rest } = property;
      return [key, property.$ref === undefined ? property : rest];
    }),
  );
}

function functionSchema(one: ProviderFunction, types: TypeTable): FunctionSpec {
  const name = capital(nameOf(one.token));
  return {
    description: one.description,
    inputs: types.object(jsonSchema(one.inputs), name),
    outputs: types.object(jsonSchema(one.outputs), `${name}Result`),
  };
}

function resourceSchema(name: string, secrets: readonly string[], types: TypeTable): ResourceSpec {
  const described = DESCRIBED[name];
  if (!described) throw new Error(`no schema for ${name}`);
  const paths = secrets.map((path) => path.split("."));
  const inputs = jsonSchema(described.inputs);
  const input = types.object(inputs, name, paths);
  const output = types.object(jsonSchema(described.state), name);
  // What holds a secret is no output: SDKs write outputs into their debug logs as they are.
  const isShown = (key: string) => !paths.some(([head]) => head === key);
  const shown = Object.entries(input.properties).filter(([key]) => isShown(key));
  const defaulted = Object.entries(inputs.properties ?? {}).filter(([, part]) => "default" in part);
  const given = [...input.required, ...defaulted.map(([key]) => key), ...(described.found ?? [])];
  const required = [...given.filter(isShown), ...output.required];
  return {
    description: described.description,
    inputProperties: input.properties,
    // The name falls back to that of the resource in the program.
    requiredInputs: input.required.filter((key) => key !== "name"),
    properties: { ...Object.fromEntries(shown), ...output.properties },
    required: [...new Set(required)].filter((key) => !MAY_BE_NULL.includes(key)),
  };
}
