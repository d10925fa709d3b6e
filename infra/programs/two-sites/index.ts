import * as pulumi from "@pulumi/pulumi";
import * as jf from "jetfleet";

// One program and a stack for each site: what sites have in common stands here, what differs in their configurations.
const config = new pulumi.Config();
const site = pulumi.getStack();

const fleet = new jf.Fleet("shops", {
  models: {
    people: {
      source: config.require("model"),
      labels: config.requireObject<string[]>("labels"),
    },
  },
  sites: {
    [site]: {
      common: config.getObject<jf.SiteArgs["common"]>("common") ?? {},
      devices: config.requireObject<jf.SiteArgs["devices"]>("devices"),
      pipelines: {
        entrance: {
          sources: { camera: { uri: config.requireSecret("cameraUri") } },
          detect: { model: "people", minScore: config.getNumber("minScore") ?? 0.4 },
          track: { algorithm: "bytetrack" },
          // Every device of the site bears its label, so this is one part for all of them, signed once.
          scope: { to: "labels", labels: { site } },
        },
      },
    },
  },
});

/** What other stacks may put pipelines on: `new pulumi.StackReference(…).getOutput("devices")`. */
export const devices = Object.fromEntries(
  Object.entries(fleet.sites[site]?.devices ?? {}).map(([name, device]) => [name, device.facts]),
);
