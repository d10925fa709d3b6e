import * as pulumi from "@pulumi/pulumi";

const wait = process.env["JETFLEET_TEST_PIPELINE_TIMEOUT"] ?? "2m";

// Not registerResourceTransform: its callbacks die with a stack trace when a resource fails.
pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
  type === "jetfleet:index:Pipeline"
    ? { props, opts: { ...opts, customTimeouts: { create: wait, update: wait } } }
    : undefined,
);

await import("../../../../infra/programs/quickstart/index.ts");
