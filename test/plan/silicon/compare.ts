import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { FITTED_FACTORS } from "../../../fleet/plan/calibration/fitted.ts";
import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import { BYTES, type Hardware, hardwareOf } from "../../../fleet/plan/estimate/hardware.ts";
import { fuse } from "../../../fleet/plan/estimate/kernels.ts";
import { peakLiveElements } from "../../../fleet/plan/estimate/memory.ts";
import { kernelMs } from "../../../fleet/plan/estimate/time.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { type OnnxModel, readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { type Agreement, agreementOf } from "./agreement.ts";
import type { EngineReport } from "./engine-report.ts";
import { type RtxReport, toLaunch } from "./rtx-report.ts";

const root = join(import.meta.dirname, "../../..");
const FOLDERS = ["fleet/plan/calibration/networks", "models", "../shared/data/models"];

/** The model of a report named `MODEL` or `MODEL-PRECISION`; null when it is not beside the project. */
export function modelOf(report: string): OnnxModel | null {
  const name = report.replace(/-(fp32|fp16|int8)(-jit)?$/, "");
  const file = name === "street_v2" ? "street-v2-b1" : name;
  const path = FOLDERS.map((folder) => join(root, folder, `${file}.onnx`)).find(existsSync);
  return path === undefined ? null : readModel(readFileSync(path));
}

/** Our launches against a report's, with the times of an AGX Xavier, of which only the order is compared. */
export function agreementWith(report: EngineReport, model: OnnxModel): Agreement {
  const { layers } = mapGraph(inferShapes(model), 806);
  const { precision } = report;
  // The newest rules for Jetsons: an H100 is newer than they, and computes SiLU and leaky activations at a
  // convolution's end even without tactics that are compiled at build time.
  const kernels = fuse(placeOnGpu(layers), { trt: 806, arch: "ampere", precision });
  const hardware = hardwareFor("agx-xavier");
  return agreementOf(
    layers,
    kernels,
    (kernel) => kernelMs(kernel, hardware, precision, FITTED_FACTORS),
    report,
  );
}

/** Our launches for a PC's card against those of TensorRT-RTX, which tells no times. */
export function agreementWithRtx(report: RtxReport, model: OnnxModel): Agreement {
  const { layers } = mapGraph(inferShapes(model), NEWEST);
  const { arch, builder } = hardwareFor(report.board);
  const { precision, launches } = report;
  const kernels = fuse(placeOnGpu(layers), { trt: NEWEST, arch, builder, precision });
  const theirs = launches.map((launch) => ({ ...toLaunch(launch), ms: null }));
  const agreement = agreementOf(layers, kernels, () => 0, { layers: theirs });
  return { ...agreement, engineLaunches: launches.length };
}

/** PCs are planned for with the rules of this version. */
export const NEWEST = 1003;

/** What we take to be live at once, to hold against the memory that the engine asks for. */
export function activationBytes(
  { precision }: Pick<EngineReport, "precision">,
  model: OnnxModel,
): number {
  return peakLiveElements(mapGraph(inferShapes(model), 806).layers) * BYTES[precision];
}

export function hardwareFor(board: string): Hardware {
  const module = findModule(board);
  const hardware = module && hardwareOf(module, null);
  if (!hardware) throw new Error(`The catalogue lacks the clocks of ${board}`);
  return hardware;
}
