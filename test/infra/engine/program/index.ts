import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as jf from "jetfleet";
import { withSecrets } from "../../../../infra/sdk/secrets.ts";
import type { Declared, Options } from "../support/stack.ts";

const file = process.env["JETFLEET_TEST_PROGRAM"] ?? "";
const declared = JSON.parse(readFileSync(file, "utf8")) as Declared;

/** No device goes with another. */
const plain = ({ deletedWith: _, ...opts }: Options = {}) => opts;

// As the test names them: what it declares is the program.
const devices = new Map(
  (declared.devices ?? []).map(({ as, args, opts }) => [as, new jf.Device(as, args, plain(opts))]),
);
const withDevice = ({ deletedWith, ...opts }: Options = {}) => ({
  ...opts,
  ...(deletedWith !== undefined && { deletedWith: devices.get(deletedWith)! }),
});
const models = new Map(
  (declared.models ?? []).map(({ as, args, opts }) => [
    as,
    new jf.Model(as, args, withDevice(opts)),
  ]),
);
for (const { as, device, model, uri, minScore, name, opts } of declared.pipelines ?? []) {
  const args = {
    ...(name !== undefined && { name }),
    device: devices.get(device) ?? { name: device, board: "tx2" as const },
    sources: { camera: { uri } },
    detect: { model: models.get(model)!, minScore },
  };
  new jf.Pipeline(as, args, withDevice(opts));
}

const SECRETS = ["pipelines.*.sources.*.uri", "sites.*.pipelines.*.sources.*.uri"];
const components = (declared.components ?? []).map(({ as, type, args }) => {
  const marked = withSecrets(
    withManifests(args),
    SECRETS.map((path) => path.split(".")),
  );
  // What is to be an output must be named.
  const inputs = { facts: undefined, manifests: undefined, ...(marked as pulumi.Inputs) };
  return [
    as,
    new pulumi.ComponentResource(`jetfleet:index:${type}`, as, inputs, {}, true),
  ] as const;
});
/** What the provider answered for each; nothing where there is none. */
export const told = declared.components && Object.fromEntries(components.map(outputsOf));

function outputsOf([as, component]: readonly [string, pulumi.ComponentResource]) {
  const { facts, manifests } = component as unknown as Record<string, unknown>;
  return [as, { facts, manifests }] as const;
}

/** With what a model gives in the place of its name here. */
function withManifests(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const model = key === "model" ? models.get(String(part)) : undefined;
      return [key, model?.manifest ?? withManifests(part)];
    }),
  );
}
