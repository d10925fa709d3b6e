import type { Precision } from "../estimate/hardware.ts";

/** A published build of an engine, without a timing cache. */
export interface BuildTime {
  board: string;
  model: string;
  precision: Precision;
  trt: string;
  /** Convolutions and matrix products after fusion, as the log lists them or the architecture has them. */
  matrixKernels: number;
  seconds: number;
  source: string;
}

/** On Jetsons. */
export const JETSON_BUILDS: readonly BuildTime[] = [
  {
    board: "nano",
    model: "Ultra-Fast-Lane-Detection culane_18, 288×800",
    precision: "fp32",
    trt: "8.2.1",
    matrixKernels: 23,
    seconds: 184.7,
    source: "trtexec log of culane_18-INT32.onnx, 2023-07-14, in public notes on ONNX and engines",
  },
  {
    board: "nano",
    model: "YOLO11n, 640",
    precision: "fp32",
    trt: "8.2",
    matrixKernels: 87,
    seconds: 214.7,
    source:
      "export log of Ultralytics 8.3.202, 2025-09-22, in the public notes of ENVG_Jetson_Nano",
  },
  {
    board: "nano",
    model: "YOLOv5n 6.0, 640",
    precision: "fp16",
    trt: "8.2.1",
    matrixKernels: 60,
    seconds: 688.3,
    source: "public record of a YOLOv5n deployment in jetson-inference's container, 2026-05-26",
  },
  {
    board: "orin-nano-8gb",
    model: "YOLO11s-seg, 320",
    precision: "fp16",
    trt: "10.3",
    matrixKernels: 100,
    seconds: 472.5,
    source: "export log of Ultralytics 8.3.148, 2025-06-04, NubsUpDown.pt",
  },
  {
    board: "orin-nx-16gb",
    model: "YOLOv8s, 640",
    precision: "fp16",
    trt: "10.3",
    matrixKernels: 64,
    seconds: 450.9,
    source: "public record of a ROS perception node, stage B2, Ultralytics 8.4.60",
  },
];

/** Published statements that are not used, and why; a band must not contradict those that speak of one build. */
export const BUILDS_LEFT_OUT = [
  { what: "DeepStream-Yolo issue 420: 15 to 20 minutes on AGX Orin", why: "three YOLOs at once" },
  { what: "NVIDIA/TensorRT issues 1441, 1841: 5 to 30 minutes", why: "boards and models not said" },
  { what: "jetson-inference: a few minutes", why: "no figure" },
  { what: "yolov5-face issue 109: 5 or 6 minutes on Nano", why: "precision not said" },
  {
    what: "ultralytics issue 9918: 6 h 20 min on AGX Orin",
    why: "dynamic shapes up to a batch of 32",
  },
  { what: "retinanet-examples issue 118: over 20 minutes on AGX Xavier", why: "no upper bound" },
] as const;

export interface SecondsPerKernel {
  low: number;
  expected: number;
  high: number;
}

// Student's t, one side 90 %, by degrees of freedom.
const T90 = [Number.POSITIVE_INFINITY, 3.078, 1.886, 1.638, 1.533, 1.476, 1.44, 1.415, 1.397];

/** The 80 % interval in which another build's seconds a kernel lie: logarithms, spread with Student's t. */
export function secondsPerKernel(builds: readonly BuildTime[]): SecondsPerKernel {
  const logs = builds.map(({ seconds, matrixKernels }) => Math.log(seconds / matrixKernels));
  const mean = logs.reduce((sum, one) => sum + one, 0) / logs.length;
  const freedom = logs.length - 1;
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / freedom;
  const half = (T90[freedom] ?? 1.282) * Math.sqrt(variance * (1 + 1 / logs.length));
  return {
    low: Math.exp(mean - half),
    expected: Math.exp(mean),
    high: Math.exp(mean + half),
  };
}
