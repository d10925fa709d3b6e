import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { PipelineArgs } from "../../../infra/sdk/index.ts";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const registered: Registered[] = [];

/** Outputs that the provider would add. */
const OUTPUTS: Record<string, Record<string, unknown>> = {
  "jetfleet:index:Device": {
    board: "tx2",
    module: "tx2-nx",
    jetpack: "4.6.1",
    libraryFaults: [],
    powerMode: "MAXN",
  },
  "jetfleet:index:Model": { manifest: { name: "people", digest: "sha256:0" } },
};

let jf: typeof import("../../../infra/sdk/index.ts");

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: name, state: { name, ...(inputs as object), ...OUTPUTS[type] } };
    },
    call: () => ({}),
  });
  // By its own name, as programs import it.
  jf = (await import("jetfleet")) as typeof jf;
});

beforeEach(() => {
  registered.length = 0;
});

const ssh = { privateKeyPath: "~/.ssh/jetson" };
const device = () => new jf.Device("door", { address: "10.0.4.17", ssh });
const model = () => new jf.Model("people", { source: "people.onnx", labels: ["person"] });

async function registration(resource: pulumi.CustomResource): Promise<Registered> {
  const urn = await valueOf(resource.urn);
  const found = registered.find(({ name, type }) => urn.includes(`${type}::${name}`));
  if (!found) throw new Error(`${urn} was not registered`);
  return found;
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}

test("a pipeline passes on its device's name and board and its model's manifest", async () => {
  const pipeline = new jf.Pipeline("entrance", {
    device: device(),
    sources: { cam1: { uri: "rtsp://10.0.9.1/" } },
    detect: { model: model(), minScore: 0.4 },
  });
  expect((await registration(pipeline)).inputs).toMatchObject({
    device: { name: "door", board: "tx2" },
    detect: { minScore: 0.4, model: { name: "people", digest: "sha256:0" } },
  });
});

test("a pipeline takes the manifest that another program exports of its model", async () => {
  const what = { digest: "sha256:1", sizeBytes: 1, labels: ["car"], decoder: "yolox" as const };
  const detect = { model: pulumi.output({ name: "cars", ...what }) };
  const pipeline = new jf.Pipeline("entrance", { device: device(), sources: {}, detect });
  const { inputs } = await registration(pipeline);
  expect(inputs).toMatchObject({ detect: { model: { name: "cars" } } });
});

test("a pipeline and a site pass on the manifests of secondary models", async () => {
  const [detects, second] = [model(), new jf.Model("colours", { source: "c.onnx", labels: ["a"] })];
  const pipeline = new jf.Pipeline("entrance", {
    ...{ device: device(), sources: {}, detect: { model: detects } },
    secondary: { colour: { model: second, minHeight: 0.2 } },
  });
  const colour = { minHeight: 0.2, model: { name: "people", digest: "sha256:0" } };
  expect((await registration(pipeline)).inputs).toMatchObject({ secondary: { colour } });
  const site = new jf.Site("basel", {
    devices: { gate: { address: "10.0.4.18", ssh } },
    models: { people: detects, colours: second },
    pipelines: {
      hall: {
        ...{ sources: {}, detect: { model: "people" } },
        secondary: { colour: { model: "colours", minHeight: 0.2 } },
      },
    },
  });
  const hall = site.pipelines["gate"]?.["hall"];
  if (hall === undefined) throw new Error("no pipeline");
  expect((await registration(hall)).inputs).toMatchObject({ secondary: { colour } });
});

test("a pipeline passes on what it asks for, and what its device's plan is made from", async () => {
  const asks = {
    sources: { cam1: { uri: "rtsp://10.0.9.1/", video: { width: 1280, height: 720, fps: 15 } } },
    budget: { minFps: 10, latencyP95Ms: 500 },
  };
  const detect = { model: model(), accelerator: "dla0", precision: "fp16" } as const;
  const pipeline = new jf.Pipeline("entrance", { device: device(), detect, ...asks });
  const { inputs } = await registration(pipeline);
  expect(inputs).toMatchObject({
    budget: asks.budget,
    detect: { accelerator: "dla0", precision: "fp16" },
    device: { module: "tx2-nx", powerMode: "MAXN", jetpack: "4.6.1", libraryFaults: [] },
    sources: { value: { cam1: { video: asks.sources.cam1.video } } },
  });
});

test.each([
  ["a text", "rtsp://viewer:geheim@10.0.9.1/"],
  ["an output", pulumi.output("rtsp://viewer:geheim@10.0.9.1/")],
])("a camera's address given as %s is secret", async (_what, uri) => {
  const pipeline = new jf.Pipeline("entrance", {
    device: device(),
    sources: { cam1: { uri, transport: "udp" } },
    detect: { model: model() },
  });
  const { inputs } = await registration(pipeline);
  // The mocks' monitor cannot mark a part, so the whole is marked; with an engine it is the address alone.
  expect(inputs["sources"]).toMatchObject({
    [SIGNATURE]: SECRET,
    value: { cam1: { transport: "udp", uri: "rtsp://viewer:geheim@10.0.9.1/" } },
  });
});

test("outputs of a device that a program may use are there", async () => {
  const one = device();
  expect(await valueOf(one.board)).toBe("tx2");
  expect(pulumi.Output.isInstance(one.jetpack)).toBe(true);
  expect(pulumi.Output.isInstance(one.hostKey)).toBe(true);
});

test.each([
  [
    "a device's name for a device",
    { device: "door" },
    /device: expected a jf.Device or what one exports, got string/,
  ],
  ["no model", { detect: {} }, /detect.model: expected a jf.Model or the .*, got nothing/],
  [
    "a secondary model by name",
    { secondary: { colour: { model: "colours" } } },
    /secondary.colour.model: expected a jf.Model or the .*, got string/,
  ],
  ["no detect", { detect: undefined }, /detect.model: expected a jf.Model or the .*, got nothing/],
])("a pipeline with %s is an error of the program", (_what, change, message) => {
  const args = { device: device(), sources: {}, detect: { model: model() }, ...change };
  expect(() => new jf.Pipeline("entrance", args as unknown as PipelineArgs)).toThrow(message);
});

test("a resource without arguments is an error of the program", () => {
  expect(() => new jf.Device("door", undefined as never)).toThrow(
    /Device "door": arguments: expected an object/,
  );
});

test("a fleet of sites declares each site's devices, and each of its pipelines on each of them", async () => {
  const uri = "rtsp://viewer:geheim@10.0.9.1/stream1";
  const fleet = new jf.Fleet("shops", {
    models: { people: { source: "people.onnx", labels: ["person"] } },
    sites: {
      basel: {
        common: { ssh, labels: { country: "ch" } },
        devices: { door: { address: "10.0.4.17" }, gate: { address: "10.0.4.18", port: 2222 } },
        pipelines: { entrance: { sources: { cam: { uri } }, detect: { model: "people" } } },
      },
    },
  });
  const { devices, pipelines } = fleet.sites["basel"]!;
  expect(await valueOf(devices["gate"]!.urn)).toContain(
    "jetfleet:index:Site$jetfleet:index:Device::basel-gate",
  );
  expect((await registration(devices["gate"]!)).inputs).toMatchObject({
    ...{ address: "10.0.4.18", port: 2222, ssh },
    labels: { site: "basel", country: "ch" },
  });
  const { inputs } = await registration(pipelines["door"]!["entrance"]!);
  expect(inputs).toMatchObject({
    name: "entrance",
    device: { name: "basel-door", board: "tx2" },
    detect: { model: { name: "people" } },
    sources: { [SIGNATURE]: SECRET, value: { cam: { uri } } },
  });
});

test.each([
  [{ devices: { door: { address: "a" } } }, /devices\.door\.ssh: expected it there or in common/],
  [
    {
      common: { ssh },
      devices: { door: { address: "a" } },
      pipelines: { entrance: { sources: {}, detect: { model: "cars" } } },
    },
    /pipelines\.entrance\.detect\.model: expected a jf\.Model/,
  ],
])("a site that lacks something says what, and where", (args, reason) => {
  expect(() => new jf.Site("basel", args as never)).toThrow(reason);
});
