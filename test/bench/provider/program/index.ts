import * as pulumi from "@pulumi/pulumi";
import * as jf from "jetfleet";

const count = Number(process.env["JETFLEET_BENCH_COUNT"]);
const source = process.env["JETFLEET_BENCH_MODEL"] ?? "";
const labels = ["person"];

/** The same inputs for both, so that the same bytes pass. */
const pipelineArgs = (model: jf.Model, at: number) => ({
  name: "entrance",
  device: { name: `d${at}`, board: "tx2" as const },
  sources: { camera: { uri: "rtsp://10.0.9.1/stream1" } },
  detect: { model, minScore: 0.4 },
  budget: { minFps: 10 },
});

class Trivial extends pulumi.CustomResource {
  constructor(name: string, args: Record<string, unknown>) {
    super("trivial:index:Thing", name, args as pulumi.Inputs);
  }
}

/** Boards by name and port, each with a pipeline. */
function declareBoards(ports: Record<string, number>): void {
  const model = new jf.Model("people", { source, labels });
  const ssh = { user: "root", privateKeyPath: process.env["JETFLEET_BENCH_KEY"] ?? "" };
  for (const [name, port] of Object.entries(ports)) {
    const device = new jf.Device(name, { address: "127.0.0.1", port, board: "tx2", ssh });
    new jf.Pipeline(`${name}-entrance`, { ...pipelineArgs(model, 0), device });
  }
}

const boards = process.env["JETFLEET_BENCH_BOARDS"];
if (boards !== undefined) declareBoards(JSON.parse(boards) as Record<string, number>);
else if (process.env["JETFLEET_BENCH_KIND"] === "jetfleet") {
  const model = new jf.Model("people", { source, labels });
  for (let at = 1; at < count; at += 1) new jf.Pipeline(`p${at}`, pipelineArgs(model, at));
} else {
  new Trivial("people", { source, labels });
  const manifest = { name: "people", digest: "sha256:0", sizeBytes: 100, labels, decoder: "yolox" };
  for (let at = 1; at < count; at += 1) {
    const { sources, ...rest } = pipelineArgs({ manifest } as unknown as jf.Model, at);
    const uri = pulumi.secret(sources.camera.uri);
    const detect = { model: manifest, minScore: 0.4 };
    new Trivial(`p${at}`, { ...rest, detect, sources: { camera: { uri } } });
  }
}
