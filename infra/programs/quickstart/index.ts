import * as pulumi from "@pulumi/pulumi";
import * as jf from "jetfleet";

const config = new pulumi.Config();

// One model for all, uploaded to the hub once.
const model = new jf.Model("people", {
  source: config.require("model"),
  labels: config.requireObject<string[]>("labels"),
});

// The camera's address may hold a password, so it is read as a secret and stays one.
const camera = config.requireSecret("cameraUri");

// What must be achieved, and what the camera is said to send: a preview refuses what a board's silicon cannot give.
const budget = config.getObject<jf.BudgetArgs>("budget") ?? { minFps: 10, latencyP95Ms: 500 };
const video = config.getObject<jf.VideoArgs | null>("video");

for (const args of config.requireObject<(jf.DeviceArgs & { name: string })[]>("devices")) {
  const device = new jf.Device(args.name, args);

  // `pulumi up` returns when frames flow through it.
  new jf.Pipeline(`${args.name}-entrance`, {
    name: "entrance",
    device,
    sources: { camera: { uri: camera, ...(video && { video }) } },
    detect: { model, minScore: config.getNumber("minScore") ?? 0.4 },
    track: { algorithm: "bytetrack" },
    budget,
  });
}

export const modelDigest = model.digest;
