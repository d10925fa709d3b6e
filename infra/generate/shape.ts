import {
  type EnumSpec,
  nameOf,
  type ObjectSpec,
  type PackageSpec,
  type PropertySpec,
  TYPE_REF,
  type TypeSpec,
} from "../provider/schema/spec.ts";

/** Questions about a package's schema that code and pages both ask. */
export class Shape {
  readonly schema: PackageSpec;

  constructor(schema: PackageSpec) {
    this.schema = schema;
  }

  /** The type that is named; null for one that has no name. */
  named({ $ref }: TypeSpec): { name: string; spec: ObjectSpec | EnumSpec } | null {
    if ($ref === undefined) return null;
    const token = $ref.slice(TYPE_REF.length);
    const spec = this.schema.types[token];
    if (spec === undefined) throw new Error(`the schema has no type ${token}`);
    return { name: nameOf(token), spec };
  }

  /** Named types that these properties are made of, in the order in which they are met, those below first. */
  typesOf(properties: Record<string, TypeSpec>): Map<string, ObjectSpec | EnumSpec> {
    const found = new Map<string, ObjectSpec | EnumSpec>();
    const visit = (type: TypeSpec) => {
      for (const part of [type.items, type.additionalProperties]) if (part) visit(part);
      const named = this.named(type);
      if (named === null || found.has(named.name)) return;
      if ("properties" in named.spec) Object.values(named.spec.properties).forEach(visit);
      found.set(named.name, named.spec);
    };
    Object.values(properties).forEach(visit);
    return found;
  }

  /** Dotted paths of secrets in these properties; `*` stands for any key. */
  secretsOf(properties: Record<string, PropertySpec>): string[] {
    return Object.entries(properties).flatMap(([key, property]) => {
      if (property.secret) return [key];
      return this.#secretsBelow(property).map((path) => `${key}.${path}`);
    });
  }

  #secretsBelow(type: TypeSpec): string[] {
    const elements = type.items ?? type.additionalProperties;
    if (elements) return this.#secretsBelow(elements).map((path) => `*.${path}`);
    const named = this.named(type);
    return named && "properties" in named.spec ? this.secretsOf(named.spec.properties) : [];
  }
}

export function isObject(spec: ObjectSpec | EnumSpec): spec is ObjectSpec {
  return "properties" in spec;
}

/** What is said of a property, with the default that nobody has put into words. */
export function docOf({ description = "", default: value }: PropertySpec): string {
  if (value === undefined || description.includes("Default:")) return description;
  const said = `Default: ${String(value)}.`;
  return description === "" ? said : `${description} ${said}`;
}
