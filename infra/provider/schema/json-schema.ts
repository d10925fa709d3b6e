import { z } from "zod";

/** The part of JSON Schema that zod writes for our schemas. */
export interface JsonSchema {
  type?: string | string[];
  /** Name of the type that it is, wherever it stands. */
  title?: string;
  description?: string;
  /** What is said of the type where it is defined, as `description` may be of one place where it stands. */
  typeDescription?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
}

export function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema: written }) {
      const said = metaWhereNamed(zodSchema);
      if (said !== undefined) Object.assign(written, { typeDescription: said });
    },
  }) as JsonSchema;
}

/** `.meta` makes a new schema whose parent is the former one. */
function metaWhereNamed(schema: z.core.$ZodType): string | undefined {
  const named = (one: z.core.$ZodType | undefined) =>
    one && z.globalRegistry.get(one)?.title !== undefined ? one : undefined;
  let at = named(schema);
  for (let up = at; up !== undefined; up = named(up._zod.parent)) at = up;
  return at && z.globalRegistry.get(at)?.description;
}
