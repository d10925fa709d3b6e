import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { AloneLine, Counter, kittiName, kittiText } from "../../fleet/alone/index.ts";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { errorOfAgent } from "./agent-error.ts";
import { runByAgent } from "./agent-lines.ts";
import type { CommandContext } from "./command-context.ts";
import { ResultHook } from "./run-hook.ts";
import { orderOf, type RunOptions } from "./run-order.ts";
import { RunScreen } from "./run-screen.ts";

const HELP = `
PIPELINE.yaml holds a pipeline in the words of a program; paths are relative to it:
  model: { source: street.onnx, labels: [person, vehicle, bicycle] }
  sources: { camera: { uri: "rtsp://10.0.9.1/stream1" } }
  detect: { minScore: 0.4 }
  track: { algorithm: bytetrack }
  secondary: { colour: { model: { source: colour.onnx, labels: [red, white] }, labels: [vehicle] } }
  budget: { latencyP95Ms: 150 }
  analytics: { lines: { door: { from: [0.1, 0.6], to: [0.9, 0.6] } } }
Options are taken instead of what it says. A camera's password belongs into such a file: everyone on this machine sees
what stands on a command line.

On a terminal figures of the last second are shown, per stage; elsewhere, and with --perf, a line each second.
Results go nowhere unless --json, --kitti or --hook names where. A hook runs in a thread of its own, one call after the
other; what it prints goes to standard error. Where it is too slow, fails or ends, that is said and counted, and costs
no frame: export default async ({ source, index, detections, tracks }) => { … }

Exit codes:
  0    the last source has ended, or --frames came out
  2    it did not run or did not come to its end; the answer says why
  130  ended by Ctrl-C`;

/** Adds `run`. */
export function registerRunPipeline({ program, run, signal }: CommandContext): void {
  program
    .command("run")
    .argument("<pipeline|model>", "PIPELINE.yaml, or an ONNX file")
    .description("run a pipeline on this machine, without a fleet")
    .option(
      "--source <uri|file>",
      "rtsp://, rtsps://, v4l2://, csi://, test:// or a video file's path; up to 16 times",
      (uri: string, before: string[] | undefined) => [...(before ?? []), uri],
    )
    .option("--labels <file>", "classes of the model, a line each; default: COCO's 80")
    .option("--decoder <name>", "what turns the outputs into boxes; default: yolox")
    .option("--min-score <score>", "detections below are dropped; default: 0.4")
    .option("--nms-iou <iou>", "boxes that overlap more are merged; default: 0.45")
    .option("--interval <n>", "detect in every nth frame, with --track for those between")
    .option("--track <algorithm>", "bytetrack, oc-sort, sort, iou or none; default: none")
    .option(
      "--secondary <name=model[:label,label]>",
      "also ask this model of each tracked object: which label, or, without labels, its vector; up to 4 times",
      (given: string, before: string[] | undefined) => [...(before ?? []), given],
    )
    .option("--accelerator <which>", "auto, cpu, gpu, dla0 or dla1; default: auto")
    .option("--precision <which>", "fp32, fp16 or int8 of an engine; not for the cpu")
    .option("--preprocess <which>", "auto, cpu, cuda or vic; default: auto")
    .option("--transport <which>", "auto, tcp or udp, of RTSP; default: auto")
    .option("--loop", "begin a file again at its end")
    .option("--realtime", "take a file's pictures at their pace; default: as fast as they come")
    .option("--threads <n>", "of one inference on the cpu; default: 1")
    .option("--frames <n>", "end after so many frames")
    .option("--json", "print lines of JSON: frames, statistics, what becomes of the sources")
    .option("--json-schema", "print what --json prints as a JSON Schema, and end")
    .option("--kitti <dir>", "write each frame's objects to DIR/SOURCE/NUMBER.txt, as KITTI does")
    .option("--hook <file>", "call the default export of a JavaScript module with each frame")
    .option("--perf", "print a line of figures each second, also on a terminal")
    .addHelpText("after", HELP)
    .action((what: string, options: RunOptions & { jsonSchema?: boolean }) =>
      run(() => (options.jsonSchema ? printSchema() : runPipeline(what, options, signal))),
    );
}

function printSchema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(z.toJSONSchema(AloneLine), null, 2)}\n`);
  return Promise.resolve(0);
}

async function runPipeline(
  what: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.json && options.perf) {
    throw new FleetError("USAGE", "Expected --json or --perf but got both");
  }
  const order = await orderOf(what, options);
  const names = order.sources.map(({ name }) => name);
  const folders = options.kitti === undefined ? null : kittiFolders(options.kitti, names);
  const hook = options.hook === undefined ? null : await ResultHook.load(options.hook);
  const counter = new Counter();
  const screen = new RunScreen(options, names.length);
  let last: AloneLine | null = null;
  try {
    await runByAgent(order, signal, (line, text) => {
      last = line;
      if (line.type === "frames") {
        counter.addFrames(line.frames, performance.now());
        if (folders !== null) for (const frame of line.frames) writeKitti(folders, frame);
        hook?.give(line.frames);
      }
      if (line.type === "stats") counter.addStats(line.stats);
      screen.show(line, text, counter);
    });
  } finally {
    screen.end(counter);
    if (hook !== null) process.stderr.write(`${await hook.end()}\n`);
  }
  return outcome(last, signal);
}

/** By the name of each source, so that frames of one are not taken for those of another. */
function kittiFolders(given: string, sources: readonly string[]): Map<string, string> {
  const parent = resolve(process.env["INIT_CWD"] ?? process.cwd(), given);
  return new Map(sources.map((source) => [source, madeFolder(join(parent, source))]));
}

function madeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new FleetError("USAGE", `--kitti: Cannot make ${folder}: ${String(cause)}`, { cause });
  }
  return folder;
}

function writeKitti(folders: ReadonlyMap<string, string>, frame: DetectedFrame): void {
  const folder = folders.get(frame.source ?? "");
  // An empty file would say that there is nothing in the picture.
  if (frame.skipped !== undefined) return;
  if (folder !== undefined) writeFileSync(join(folder, kittiName(frame)), kittiText(frame));
}

function outcome(last: AloneLine | null, signal: AbortSignal): number {
  if (last?.type === "failed") throw errorOfAgent(last.error);
  if (signal.aborted) throw new FleetError("CANCELLED", "The pipeline was stopped");
  return 0;
}
