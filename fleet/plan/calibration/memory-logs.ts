/** What TensorRT's own log says of memory on a Jetson, in MiB. */
export interface MemoryLog {
  board: string;
  trt: string;
  /** `Init CUDA`, host side. */
  cudaMib: number;
  /** `Init cuBLAS` and `Init cuDNN`, device side, which on a Jetson is the same memory. */
  librariesMib: number;
  source: string;
}

export const MEMORY_LOGS: readonly MemoryLog[] = [
  {
    board: "nano-2gb",
    trt: "8.2",
    cudaMib: 225,
    librariesMib: 241 + 406,
    source: "wang-xinyu/tensorrtx, issue 1160: YOLOv5s, FP16",
  },
  {
    board: "nano",
    trt: "8.2.1",
    cudaMib: 229,
    librariesMib: 147 + 183,
    source: "trtexec log of culane_18-INT32.onnx, 2023-07-14, FP32",
  },
  {
    board: "nano",
    trt: "8.0.1",
    cudaMib: 203,
    librariesMib: 161 + 240,
    source: "trtexec log of a YOLO of DeepStream 6.0 at 640, 2026-04-14, FP16",
  },
  {
    board: "not said",
    trt: "8",
    cudaMib: 229,
    librariesMib: 182 + 241,
    source: "NVIDIA/TensorRT, issue 2217: YOLOv7-tiny",
  },
];

/**
 * Memory of a loaded engine over that of its weights. Low: YOLO11s-seg in FP16 on Orin Nano, 20.2 MB of 20.1. High:
 * YOLOv5n in FP16 on Nano, 7 MiB and 5.4 persistent of 3.6. Between them YOLO11n in FP32 on Nano, 2.8 (sources as in
 * `build-times.ts`) and culane_18 there, 1.3.
 */
export const ENGINE_OVER_WEIGHTS = { low: 1, expected: 1.7, high: 3.5 };

/**
 * Activation memory over what is live at once in the unfused graph: culane_18 takes 22.1 MB of 29.5 reckoned, and 13
 * engines that we built with TensorRT 8.6 on an H100 take 0.74 to 2.18 times it (`test/plan/silicon`). The high end
 * leaves room for a workspace as large as the activations, as tactics may take one.
 */
export const ACTIVATION_OVER_LIVE = { low: 0.7, expected: 1, high: 2.5 };
