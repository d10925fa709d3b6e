/** Declares components for programs in other languages; its argument is the engine's address. Started by component-process.ts. */
import * as pulumi from "@pulumi/pulumi";
import { Fleet, type FleetArgs, Site, type SiteArgs } from "../../sdk/index.ts";

const provider: pulumi.provider.Provider = {
  version: "",
  construct(name, type, inputs, options) {
    const declare = COMPONENTS[type];
    if (declare === undefined) {
      const known = Object.keys(COMPONENTS).join(", ");
      throw new pulumi.RunError(`Expected a component of type ${known} but got ${type}`);
    }
    for (const path of STRUCTURE) requireKnown(`${type} "${name}"`, [], path, inputs);
    return Promise.resolve(declare(name, inputs, options));
  },
};

type Declare = (
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => pulumi.provider.ConstructResult;

const COMPONENTS: Readonly<Record<string, Declare>> = {
  "jetfleet:index:Site": (name, inputs, options) => {
    const site = new Site(name, inputs as SiteArgs, options);
    return { urn: site.urn, state: { facts: factsOf(site) } };
  },
  "jetfleet:index:Fleet": (name, inputs, options) => {
    const fleet = new Fleet(name, inputs as FleetArgs, options);
    const facts = entriesOf(fleet.sites, factsOf);
    const manifests = entriesOf(fleet.models, ({ manifest }) => manifest);
    return { urn: fleet.urn, state: { facts, manifests } };
  },
};

function factsOf({ devices }: Site): pulumi.Inputs {
  return entriesOf(devices, ({ facts }) => facts);
}

function entriesOf<From, To>(
  from: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}

/** What there is to declare depends on these; `*` stands for any name. What is within them may be known later. */
const SITE = [
  ["common"],
  ["devices", "*"],
  ["pipelines", "*", "detect"],
  ["pipelines", "*", "secondary", "*"],
];
const STRUCTURE = [...SITE, ["models", "*"], ...SITE.map((path) => ["sites", "*", ...path])];

function requireKnown(
  where: string,
  at: readonly string[],
  path: readonly string[],
  value: unknown,
): void {
  if (pulumi.Output.isInstance(value)) {
    throw new pulumi.RunError(
      `${where}: ${at.join(".")}: expected what is known when the program runs, got what is known later or is secret as a ` +
        "whole; say so of its parts, such as one `uri`",
    );
  }
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (key === "*" || key === name) requireKnown(where, [...at, name], rest, part);
  }
}

// Who started it has gone.
process.stdin.on("end", () => process.exit(0)).resume();
await pulumi.provider.main(provider, process.argv.slice(2));
