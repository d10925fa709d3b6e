import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "./json-schema.ts";
import {
  capital,
  type EnumSpec,
  type ObjectSpec,
  type PropertySpec,
  TYPE_REF,
  type TypeSpec,
} from "./spec.ts";

/** Paths of secrets below where one stands; `*` stands for any key. */
export type SecretPaths = readonly (readonly string[])[];

/** The types of the package, filled in as what uses them is converted. */
export class TypeTable {
  readonly specs: Record<string, ObjectSpec | EnumSpec> = {};

  /** The properties of an object; types of theirs without a name are called `prefix` and the property. */
  object(schema: JsonSchema, prefix: string, secrets: SecretPaths = []): ObjectSpec {
    const properties = Object.entries(schema.properties ?? {}).map(([key, part]) => {
      const below = stepInto(secrets, key);
      const property: PropertySpec = { ...this.#typeOf(part, prefix + capital(key), below) };
      const description = part.description ?? part.typeDescription;
      if (description !== undefined) property.description = description;
      if (isScalar(part.default)) property.default = part.default;
      if (below.some((path) => path.length === 0)) property.secret = true;
      return [key, property] as const;
    });
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      required: schema.required ?? [],
    };
  }

  #typeOf(schema: JsonSchema, name: string, secrets: SecretPaths): TypeSpec {
    // The only unions here are "or null", which Pulumi writes as optional.
    if (schema.anyOf) {
      return this.#typeOf(schema.anyOf.find(({ type }) => type !== "null") ?? {}, name, secrets);
    }
    const kind = Array.isArray(schema.type)
      ? schema.type.find((type) => type !== "null")
      : schema.type;
    switch (kind) {
      case "array":
        return {
          type: "array",
          items: this.#typeOf(schema.items ?? {}, name, stepInto(secrets, "*")),
        };
      case "object":
        return this.#objectType(schema, schema.title ?? name, secrets);
      case "integer":
      case "number":
      case "boolean":
        return { type: kind };
      default:
        return schema.enum ? this.#enumType(schema, schema.title ?? name) : { type: "string" };
    }
  }

  #objectType(schema: JsonSchema, name: string, secrets: SecretPaths): TypeSpec {
    if (typeof schema.additionalProperties === "object") {
      const items = this.#typeOf(schema.additionalProperties, name, stepInto(secrets, "*"));
      return { type: "object", additionalProperties: items };
    }
    return this.#define(name, { ...said(schema), ...this.object(schema, name, secrets) });
  }

  #enumType(schema: JsonSchema, name: string): TypeSpec {
    const values = (schema.enum ?? []).map((value) => ({ value: String(value) }));
    return this.#define(name, { ...said(schema), type: "string", enum: values });
  }

  #define(name: string, spec: ObjectSpec | EnumSpec): TypeSpec {
    const token = `jetfleet:index:${name}`;
    const known = this.specs[token];
    if (known !== undefined && !isDeepStrictEqual(known, spec)) {
      throw new Error(`two types of the schema are called ${name}: give one another title`);
    }
    this.specs[token] = spec;
    return { $ref: TYPE_REF + token };
  }
}

function said({ typeDescription, description }: JsonSchema): { description?: string } {
  const text = typeDescription ?? description;
  return text === undefined ? {} : { description: text };
}

function stepInto(secrets: SecretPaths, key: string): SecretPaths {
  return secrets.filter(([head]) => head === key || head === "*").map((path) => path.slice(1));
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}
