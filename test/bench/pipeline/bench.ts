import { cpus } from "node:os";
import type { Bench, BenchResult } from "../bench.ts";
import { measureDecode, measureInChild } from "./contenders.ts";
import { clip1080p, requireData } from "./inputs.ts";

export const pipelineBench: Bench = {
  name: "pipeline",
  summary:
    "yolox_nano on a 1080p H.264 file with one inference thread, beside decode alone and infer alone",
  run,
};

async function run(log: (line: string) => void): Promise<BenchResult> {
  const model = requireData("models/yolox_nano.onnx");
  const clip = clip1080p(log);
  log("decode alone (gst-launch-1.0, one thread, fakesink)");
  const decode = await measureDecode(clip.path, clip.frames);
  log("infer alone");
  const infer = await measureInChild("infer", model, clip.path);
  log("pipeline");
  const pipeline = await measureInChild("pipeline", model, clip.path);

  const parts = decode.cpuMsPerFrame + infer.cpuMsPerFrame;
  return {
    rows: [row("decode alone", decode), row("infer alone", infer), row("pipeline", pipeline)],
    ratios: {
      "pipeline CPU / (decode CPU + infer CPU)": pipeline.cpuMsPerFrame / parts,
      "pipeline CPU / infer CPU": pipeline.cpuMsPerFrame / infer.cpuMsPerFrame,
      "pipeline fps / infer fps": pipeline.fps / infer.fps,
    },
    conditions: {
      clip: `1920×1080, ${clip.frames} frames, every frame inferred, no drops`,
      "inference threads": 1,
      machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
      node: process.version,
    },
  };
}

type Figures = Awaited<ReturnType<typeof measureInChild>>;

function row(contender: string, figures: Figures): BenchResult["rows"][number] {
  return {
    contender,
    fps: figures.fps,
    "CPU ms/frame": figures.cpuMsPerFrame,
    "peak RSS MB": figures.peakRssMb,
  };
}
