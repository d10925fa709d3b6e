import {
  capital,
  nameOf,
  type ObjectSpec,
  type PackageSpec,
  type PropertySpec,
  type TypeSpec,
} from "../provider/schema/spec.ts";
import { docOf, isObject, Shape } from "./shape.ts";

const HEAD = "<!-- Written by `node infra/generate/main.ts` from the schemas. -->\n";

/** The pages of infra/sdk/reference: one for each resource and function, and one for the provider. */
export function referencePages(schema: PackageSpec): Map<string, string> {
  const shape = new Shape(schema);
  const { inputProperties, requiredInputs } = schema.provider;
  const page = (
    title: string,
    text: string,
    inputs: Omit<ObjectSpec, "type">,
    outputs: Omit<ObjectSpec, "type">,
  ) => {
    const types = new Map([
      ...shape.typesOf(inputs.properties),
      ...shape.typesOf(outputs.properties),
    ]);
    const sections = [...types].map(([name, spec]) =>
      isObject(spec)
        ? section(shape, `### ${name}`, spec, spec.description)
        : `### ${name}\n\n${spec.description ?? ""}\n\nOne of: ${spec.enum.map(({ value }) => `\`${value}\``).join(", ")}.\n`.replace(
            /\n\n\n\n/,
            "\n\n",
          ),
    );
    // What an input says of itself needs not be said twice.
    const added = Object.entries(outputs.properties).filter(
      ([key, { description }]) => inputs.properties[key]?.description !== description,
    );
    const given = { properties: Object.fromEntries(added), required: [] };
    return [
      `${HEAD}\n# ${title}\n\n${text}\n`,
      section(shape, "## Inputs", inputs),
      ...(added.length > 0 ? [section(shape, "## Outputs beside the inputs", given)] : []),
      ...(sections.length > 0 ? ["## Types\n", ...sections] : []),
    ].join("\n");
  };
  const resources = Object.entries(schema.resources).map(([token, spec]) => {
    const name = nameOf(token);
    const inputs = { properties: spec.inputProperties, required: spec.requiredInputs };
    const text = page(name, spec.description, inputs, spec);
    return [`${name.toLowerCase()}.md`, text] as const;
  });
  const functions = Object.entries(schema.functions).map(
    ([token, { description, inputs, outputs }]) => {
      const file = nameOf(token).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      return [`${file}.md`, page(nameOf(token), description, inputs, outputs)] as const;
    },
  );
  const settings =
    "Arguments of a Provider, and the settings `jetfleet:KEY` of a stack's configuration, by which resources without a " +
    "provider of their own go.";
  const own = { properties: inputProperties, required: requiredInputs };
  const nothing = { properties: {}, required: [] };
  return new Map([
    ...resources,
    ["provider.md", page("Provider", settings, own, nothing)],
    ...functions,
  ]);
}

function section(
  shape: Shape,
  title: string,
  { properties, required }: Omit<ObjectSpec, "type">,
  text?: string,
): string {
  const rows = Object.entries(properties).map(([key, property]) => {
    const marks = [
      ...(required.includes(key) ? ["required"] : []),
      ...(property.secret ? ["secret"] : []),
    ];
    const said = [docOf(property), ...marks.map((mark) => `**${capital(mark)}.**`)].join(" ");
    return `| \`${key}\` | ${typeName(shape, property)} | ${cell(said)} |`;
  });
  const table = ["| name | type | |", "| --- | --- | --- |", ...rows];
  const body = rows.length === 0 ? ["None."] : table;
  return [title, "", ...(text ? [text, ""] : []), ...body, ""].join("\n");
}

function typeName(shape: Shape, type: TypeSpec | PropertySpec): string {
  const named = shape.named(type);
  if (named) return `[${named.name}](#${named.name.toLowerCase()})`;
  if (type.type === "array") return `list of ${typeName(shape, type.items ?? {})}`;
  if (type.type === "object") return `${typeName(shape, type.additionalProperties ?? {})} by name`;
  return type.type ?? "string";
}

function cell(text: string): string {
  return text.trim().replaceAll("|", "\\|");
}
