/** The part of Pulumi's package schema that is used. See pulumi/pulumi, pkg/codegen/schema (pulumi.json). */

export interface TypeSpec {
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
  /** `#/types/<token>` or `#/resources/<token>`. */
  $ref?: string;
  /** The program has it when it runs, so it is no Input in the SDKs. */
  plain?: boolean;
}

export interface PropertySpec extends TypeSpec {
  description?: string;
  default?: string | number | boolean;
  secret?: boolean;
}

export interface ObjectSpec {
  type: "object";
  description?: string;
  properties: Record<string, PropertySpec>;
  required: string[];
}

export interface EnumSpec {
  type: "string";
  description?: string;
  enum: { value: string }[];
}

export interface ResourceSpec {
  description: string;
  isComponent?: boolean;
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
  properties: Record<string, PropertySpec>;
  required: string[];
}

export interface FunctionSpec {
  description: string;
  inputs: ObjectSpec;
  outputs: ObjectSpec;
}

export interface PackageSpec {
  name: string;
  displayName: string;
  version: string;
  description: string;
  license: string;
  language: Record<string, Record<string, unknown>>;
  config: { variables: Record<string, PropertySpec> };
  provider: { inputProperties: Record<string, PropertySpec>; requiredInputs: string[] };
  types: Record<string, ObjectSpec | EnumSpec>;
  resources: Record<string, ResourceSpec>;
  functions: Record<string, FunctionSpec>;
}

export const TYPE_REF = "#/types/";

/** The name in a token such as `jetfleet:index:Device`. */
export function nameOf(token: string): string {
  return token.split(":").at(-1) ?? token;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
