import {
  capital,
  type EnumSpec,
  nameOf,
  type ObjectSpec,
  type PackageSpec,
  type PropertySpec,
  type ResourceSpec,
  type TypeSpec,
} from "../provider/schema/spec.ts";
import { docComment, head, list, union } from "./code.ts";
import { docOf, isObject, Shape } from "./shape.ts";

const HEAD =
  "// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.\n";

/** What is a program's to say, or the provider's answer to it. */
type Side = "input" | "output";

/** The files of infra/sdk/generated. */
export function typeScriptFiles(schema: PackageSpec): Map<string, string> {
  const shape = new Shape(schema);
  const classes = Object.entries(schema.resources)
    .filter(([, spec]) => !spec.isComponent)
    .map(
      ([token, spec]) =>
        [`${nameOf(token).toLowerCase()}.ts`, resource(shape, token, spec)] as const,
    );
  return new Map([
    ["types.ts", types(shape)],
    ["provider.ts", provider(shape)],
    ["functions.ts", functions(shape)],
    ...classes,
  ]);
}

function types(shape: Shape): string {
  const { resources, functions: asked, provider: own } = shape.schema;
  const all = Object.values(resources).filter((one) => !one.isComponent);
  const inputs = shape.typesOf(
    merged([
      ...all.map((one) => one.inputProperties),
      ...Object.values(asked).map((one) => one.inputs.properties),
      own.inputProperties,
    ]),
  );
  const outputs = shape.typesOf(
    merged([
      ...all.map((one) => one.properties),
      ...Object.values(asked).map((one) => one.outputs.properties),
    ]),
  );
  const enums = [...new Map([...inputs, ...outputs])].filter(([, spec]) => !isObject(spec));
  const parts = [
    ...enums.map(([name, spec]) => enumType(name, spec as EnumSpec)),
    ...objects(inputs).map(([name, spec]) => interfaceOf(shape, `${name}Args`, spec, "input")),
    ...objects(outputs).map(([name, spec]) => interfaceOf(shape, name, spec, "output")),
  ];
  return `${HEAD}import type * as pulumi from "@pulumi/pulumi";\n\n${parts.join("\n")}`;
}

function merged(records: Record<string, PropertySpec>[]): Record<string, PropertySpec> {
  const entries = records.flatMap((record) => Object.values(record));
  return Object.fromEntries(entries.map((property, index) => [String(index), property]));
}

function objects(all: Map<string, ObjectSpec | EnumSpec>): [string, ObjectSpec][] {
  return [...all].filter((entry): entry is [string, ObjectSpec] => isObject(entry[1]));
}

function enumType(name: string, { description, enum: values }: EnumSpec): string {
  return `${docComment(description)}${union(
    name,
    values.map(({ value }) => value),
  )}\n`;
}

function interfaceOf(
  shape: Shape,
  name: string,
  { description, properties, required }: Omit<ObjectSpec, "type">,
  side: Side,
): string {
  const members = Object.entries(properties).map(([key, property]) => {
    const isRequired = required.includes(key);
    const type = typeText(shape, property, side, !isRequired);
    return `${docComment(docOf(property), "  ")}  ${key}${isRequired ? "" : "?"}: ${type};\n`;
  });
  const start = `${docComment(description)}export interface ${name} `;
  return members.length === 0 ? `${start}{}\n` : `${start}{\n${members.join("")}}\n`;
}

/** What the program gives may be known only later, at any depth. */
function typeText(shape: Shape, type: TypeSpec, side: Side, mayLack = false): string {
  const plain = plainText(shape, type, side);
  const whole = mayLack ? `${plain} | undefined` : plain;
  return side === "input" && !type.plain ? `pulumi.Input<${whole}>` : whole;
}

function plainText(shape: Shape, type: TypeSpec, side: Side): string {
  const named = shape.named(type);
  if (named) return isObject(named.spec) && side === "input" ? `${named.name}Args` : named.name;
  switch (type.type) {
    case "array": {
      const items = typeText(shape, type.items ?? {}, side);
      return items.includes(" ") ? `(${items})[]` : `${items}[]`;
    }
    case "object":
      return `Record<string, ${typeText(shape, type.additionalProperties ?? {}, side)}>`;
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "string";
  }
}

function resource(shape: Shape, token: string, spec: ResourceSpec): string {
  const name = nameOf(token);
  const { inputProperties, requiredInputs, properties, required } = spec;
  const args = { properties: inputProperties, required: requiredInputs };
  const outputs = Object.entries(properties).map(([key, property]) => {
    const mayLack = !required.includes(key);
    const type = plainText(shape, property, "output");
    const whole = mayLack ? `${type} | undefined` : type;
    return `${docComment(property.description, "  ")}  declare readonly ${key}: pulumi.Output<${whole}>;\n`;
  });
  const quoted = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text));
  return [
    HEAD,
    `import * as pulumi from "@pulumi/pulumi";\n`,
    `import { inputsOf } from "../inputs.ts";\n`,
    imports(shape, { ...inputProperties }, properties),
    "\n",
    interfaceOf(shape, `${name}Args`, args, "input"),
    "\n",
    `const TYPE = "${token}";\n`,
    "\n",
    "/** Outputs that are not named to Pulumi would not be there for programs. */\n",
    `${list("const OUTPUTS = ", quoted(Object.keys(properties)), ["[", "]"], ";")}\n`,
    "\n",
    "/** Dotted paths; `*` stands for any key. */\n",
    `${list("const SECRETS: readonly string[] = ", quoted(shape.secretsOf(inputProperties)), ["[", "]"], ";")}\n`,
    "\n",
    docComment(spec.description),
    `export class ${name} extends pulumi.CustomResource {\n`,
    ...outputs,
    "\n",
    `  constructor(name: string, args: ${name}Args, opts?: pulumi.CustomResourceOptions) {\n`,
    `    super(TYPE, name, inputsOf("${name}", name, args, OUTPUTS, SECRETS), opts);\n`,
    "  }\n",
    "}\n",
  ].join("");
}

/** The names of types.ts that these properties name themselves. */
function imports(
  shape: Shape,
  inputs: Record<string, TypeSpec>,
  outputs: Record<string, TypeSpec>,
): string {
  const names = new Set<string>();
  const visit = (type: TypeSpec, side: Side) => {
    for (const part of [type.items, type.additionalProperties]) if (part) visit(part, side);
    if (type.$ref !== undefined) names.add(plainText(shape, type, side));
  };
  for (const type of Object.values(inputs)) visit(type, "input");
  for (const type of Object.values(outputs)) visit(type, "output");
  if (names.size === 0) return "";
  const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
  return `${list("import type ", sorted, ["{", "}"], ' from "./types.ts";')}\n`;
}

function provider(shape: Shape): string {
  const { inputProperties: properties, requiredInputs: required } = shape.schema.provider;
  return [
    HEAD,
    `import * as pulumi from "@pulumi/pulumi";\n`,
    `import { inputsOf } from "../inputs.ts";\n`,
    imports(shape, properties, {}),
    "\n",
    interfaceOf(shape, "ProviderArgs", { properties, required }, "input"),
    "\n",
    docComment(
      "A fleet of its own. Without one, resources belong to the fleet of the stack's `jetfleet:` configuration.",
    ),
    "export class Provider extends pulumi.ProviderResource {\n",
    "  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {\n",
    `    super("jetfleet", name, inputsOf("Provider", name, args, [], []), opts);\n`,
    "  }\n",
    "}\n",
  ].join("");
}

function functions(shape: Shape): string {
  const all = Object.entries(shape.schema.functions).map(([token, spec]) => {
    const name = nameOf(token);
    const result = `${capital(name)}Result`;
    const asksNothing = Object.keys(spec.inputs.properties).length === 0;
    const args = asksNothing
      ? ""
      : interfaceOf(shape, `${capital(name)}Args`, spec.inputs, "input");
    const parameters = [
      ...(asksNothing ? [] : [`args: ${capital(name)}Args`]),
      "opts?: pulumi.InvokeOutputOptions",
    ];
    return [
      ...(asksNothing ? [] : [args, "\n"]),
      interfaceOf(shape, result, spec.outputs, "output"),
      "\n",
      docComment(spec.description),
      head(`export function ${name}`, parameters, `pulumi.Output<${result}>`),
      `  return pulumi.runtime.invokeOutput("${token}", ${asksNothing ? "{}" : "{ ...args }"}, opts);\n`,
      "}\n",
    ].join("");
  });
  const specs = Object.values(shape.schema.functions);
  const inputs = merged(specs.map((one) => one.inputs.properties));
  const outputs = merged(specs.map((one) => one.outputs.properties));
  return `${HEAD}import * as pulumi from "@pulumi/pulumi";\n${imports(shape, inputs, outputs)}\n${all.join("\n")}`;
}
