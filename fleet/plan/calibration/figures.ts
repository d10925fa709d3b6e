import type { Precision } from "../estimate/hardware.ts";

/** A published figure: milliseconds of one batch, or pictures a second of all that ran together. */
export interface Figure {
  id: string;
  source: FigureSource;
  /** Model that is held out as one, over all its sizes and boards. */
  model: string;
  /** Graph in `networks/`. */
  network: string;
  board: string;
  /** Power mode; null for the highest. */
  powerMode: string | null;
  trt: string;
  /** What was measured: the engine alone, or a program around it with its copies and queues. */
  kind: "compute" | "program";
  precision: Precision;
  batch: number;
  /** Height and width, when other than in the file. */
  size?: readonly [number, number];
  device: "gpu" | "dla" | "gpu+2dla" | "2dla";
  /** Batch on each DLA of a combined figure. */
  dlaBatch?: number;
  /** Milliseconds a batch for one device; milliseconds a picture for devices together. */
  ms: number;
}

/** Who measured what, with which TensorRT: rows of one source share its bias. */
export const FIGURE_SOURCES = {
  mmdeploy:
    "open-mmlab/mmdeploy, docs/en/03-benchmark/benchmark.md: Nano 2GB and TX2, JetPack 4.6.1, TensorRT 8.2, batch 1",
  tf2trt:
    "NVIDIA-AI-IOT/tf_to_trt_image_classification, README: Jetson TX2, JetPack 3.2, TensorRT 3",
  tkdnn:
    "ceccocats/tkDNN, README: YOLOv4 on TX2 (TensorRT 5), AGX Xavier (6), Xavier NX (7.1), Nano",
  tkdnnTiny: "ceccocats/tkDNN, issue 170: YOLOv4-tiny on AGX Xavier",
  torch2trt:
    "NVIDIA-AI-IOT/torch2trt, docs/benchmarks/jetson_{xavier,nano}.md: FP16, batch 1, frames a second of a Python loop",
  segnet: "dusty-nv/jetson-inference, table of segmentation models: Nano and AGX Xavier, FP16",
  mlperf07: "mlcommons/inference_results_v0.7, closed, NVIDIA: Xavier boards, INT8",
  mlperf07config:
    "mlcommons/inference_results_v0.7, NVIDIA configs: expected rates of GPU and of DLA alone",
  mlperf11: "mlcommons/inference_results_v1.1, closed, NVIDIA: Xavier boards, JetPack 4.6, INT8",
  jetsonBenchmarks: "NVIDIA-AI-IOT/jetson_benchmarks, README sample, issues 2 and 23: INT8",
  dlasw: "NVIDIA/Deep-Learning-Accelerator-SW, README: both DLAs of AGX Orin, INT8",
} as const;
export type FigureSource = keyof typeof FIGURE_SOURCES;

/** Figures that one hand measured, and that are held out as one. */
export function sourceOf({ source }: Pick<Figure, "source">): string {
  if (source === "tkdnnTiny") return "tkdnn";
  return source.startsWith("mlperf") ? "mlperf" : source;
}

/** Published rows that are not used, and why. The choice was made before any factor was fitted. */
export const LEFT_OUT = [
  { what: "MLPerf v1.1 MaxQ", why: "clocks of the submission's power mode are not stated" },
  { what: "MLPerf v0.7 of dividiti", why: "which accelerators ran is not stated" },
  { what: "tensorrt_demos on Xavier NX and Nano", why: "frame rate of a whole Python program" },
  { what: "DeepStream 5.0 table", why: "pruned networks whose graphs are not public" },
  { what: "trt_pose", why: "frame rate of a notebook with camera" },
  {
    what: "jetson_benchmarks: super_resolution, unet, pose",
    why: "graphs are not in the usual libraries",
  },
  {
    what: "Orin: ResNet-50 on GPU, and on DLA in FP16",
    why: "single figures: nothing to hold out against",
  },
  {
    what: "RetinaNet ResNeXt-50 on Orin's DLA, cuDLA YOLOv5s",
    why: "graph not at hand; DRIVE clocks",
  },
] as const;

type Shared = Omit<Figure, "id" | "model" | "network" | "ms" | "kind" | "precision" | "batch"> &
  Partial<Pick<Figure, "kind" | "precision" | "batch">>;
type Row = Partial<Figure> & { network: string; ms?: number; fps?: number };

function figures(shared: Shared, rows: readonly Row[]): Figure[] {
  return rows.map(({ fps, ...row }) => {
    const batch = row.batch ?? shared.batch ?? 1;
    const together = (row.device ?? shared.device).includes("2dla");
    const ms = row.ms ?? (1000 * (together ? 1 : batch)) / (fps ?? Number.NaN);
    const figure = {
      precision: "fp16" as const,
      kind: "compute" as const,
      model: modelOf(row.network),
      ...shared,
      ...row,
      batch,
      ms,
    };
    return { ...figure, id: idOf(figure) };
  });
}

/** Widths of one network are one model, so that no width teaches about another. */
function modelOf(network: string): string {
  return network.replace(/^(mobilenet_v1)_.*/, "$1");
}

function idOf(figure: Omit<Figure, "id">): string {
  const size = figure.size ? `@${figure.size.join("x")}` : "";
  return [
    figure.source,
    figure.board,
    figure.powerMode,
    `${figure.network}${size}`,
    figure.device,
    figure.precision,
    `b${figure.batch}`,
  ]
    .filter((part) => part !== null)
    .join("/");
}

const TF2TRT_HALF_FLOAT: readonly [string, number, number | null][] = [
  ["inception_v1", 7.98, 12.8],
  ["inception_v3", 26.3, 46.1],
  ["inception_v4", 52.1, 88.2],
  ["resnet50", 15.7, 27.1],
  ["resnet101", 29.9, 51.8],
  ["resnet152", 42.6, 78.2],
  ["mobilenet_v1_1.0_224", 12.9, 12.9],
  ["mobilenet_v1_0.5_160", 3.95, null],
  ["mobilenet_v1_0.25_128", 2.67, null],
  ["vgg16", 38.2, 79.2],
];

const TF2TRT = figures(
  { source: "tf2trt", board: "tx2", powerMode: "MAXN", trt: "3.0", device: "gpu" },
  TF2TRT_HALF_FLOAT.flatMap(([network, half, float]): Row[] => [
    { network, ms: half },
    ...(float === null ? [] : [{ network, ms: float, precision: "fp32" as const }]),
  ]),
);

/** Frames a second at batch 1 and batch 4, by input size. */
function yolov4(
  board: string,
  trt: string,
  precision: Precision,
  rows: readonly [number, number, number][],
): Figure[] {
  return figures(
    { source: "tkdnn", board, powerMode: null, trt, precision, device: "gpu" },
    rows.flatMap(([size, one, four]): Row[] => [
      { network: "yolov4", size: [size, size], fps: one },
      { network: "yolov4", size: [size, size], batch: 4, fps: four },
    ]),
  );
}

const TKDNN = [
  ...yolov4("tx2", "5.0", "fp32", [
    [320, 11.18, 12.07],
    [416, 7.3, 7.58],
    [512, 5.96, 5.95],
    [608, 3.63, 3.65],
  ]),
  ...yolov4("tx2", "5.0", "fp16", [
    [320, 15.32, 16.31],
    [416, 9.45, 9.9],
    [512, 7.22, 7.23],
    [608, 4.67, 4.7],
  ]),
  ...yolov4("agx-xavier", "6.0", "fp16", [
    [320, 57.14, 79.05],
    [416, 41.01, 49],
    [512, 31.12, 33.84],
    [608, 21.92, 23.36],
  ]),
  ...yolov4("agx-xavier", "6.0", "int8", [
    [320, 73.15, 97.56],
    [416, 50.81, 60.61],
    [512, 37.82, 41.28],
    [608, 27.05, 28.93],
  ]),
  ...yolov4("xavier-nx", "7.1", "fp16", [
    [320, 30.14, 41.15],
    [416, 22.43, 25.59],
    [512, 15.78, 17.13],
    [608, 11.54, 12.06],
  ]),
  ...yolov4("xavier-nx", "7.1", "int8", [
    [320, 42.13, 53.42],
    [416, 29.08, 32.94],
    [512, 20.51, 22.46],
    [608, 15.09, 15.82],
  ]),
  ...yolov4("nano", "7.1", "fp16", [
    [320, 6.14, 6.53],
    [416, 3.9, 4.04],
    [608, 1.92, 1.93],
  ]),
];

const TKDNN_TINY = figures(
  { source: "tkdnnTiny", board: "agx-xavier", powerMode: null, trt: "6.0", device: "gpu" },
  [
    { network: "yolov4_tiny", precision: "fp32", fps: 157 },
    { network: "yolov4_tiny", precision: "fp16", fps: 287 },
    { network: "yolov4_tiny", precision: "int8", fps: 319 },
    { network: "yolov4_tiny", precision: "int8", batch: 4, fps: 428 },
  ],
);

/** Frames a second on AGX Xavier and, where it was run there, on Nano. */
const TORCH2TRT_FPS: readonly [string, number, number | null][] = [
  ["alexnet", 565, 69.9],
  ["squeezenet1_0", 834, 137],
  ["squeezenet1_1", 1290, 248],
  ["resnet18", 722, 90.2],
  ["resnet34", 396, 50.7],
  ["resnet50", 326, 34.2],
  ["resnet101", 175, 19.9],
  ["resnet152", 122, 14.1],
  ["densenet121", 76.6, 41.9],
  ["densenet169", 41.7, 33.2],
  ["densenet201", 30.2, 25.4],
  ["densenet161", 43.7, 15.6],
  ["vgg11", 201, 18.3],
  ["vgg13", 165, 14.7],
  ["vgg16", 139, 11.9],
  ["vgg19", 120, null],
  ["mobilenet_v2", 723, null],
  ["shufflenet_v2", 419, null],
  ["mnasnet1_0", 667, null],
];

const TORCH2TRT = TORCH2TRT_FPS.flatMap(([network, xavier, nano]) =>
  [
    { board: "agx-xavier", fps: xavier },
    ...(nano === null ? [] : [{ board: "nano", fps: nano }]),
  ].flatMap(({ board, fps }) =>
    figures(
      { source: "torch2trt", board, powerMode: null, trt: "5.1", kind: "program", device: "gpu" },
      [{ network, fps }],
    ),
  ),
);

/** Milliseconds on Nano 2GB in FP32 and FP16, and on TX2 in FP32. */
const MMDEPLOY_MS: readonly [string, number, number, number][] = [
  ["resnet50", 59.32, 30.54, 24.13],
  ["resnext50", 88.1, 49.18, 37.45],
  ["shufflenet_v2", 15.26, 10.23, 7.37],
];

const MMDEPLOY = MMDEPLOY_MS.flatMap(([network, nano32, nano16, tx2]) =>
  [
    { board: "nano", ms: nano32, precision: "fp32" as const },
    { board: "nano", ms: nano16, precision: "fp16" as const },
    { board: "tx2", ms: tx2, precision: "fp32" as const },
  ].flatMap(({ board, ...row }) =>
    figures({ source: "mmdeploy", board, powerMode: null, trt: "8.2", device: "gpu" }, [
      { network, ...row },
    ]),
  ),
);

const SEGNET_FPS: readonly [height: number, width: number, nano: number, xavier: number][] = [
  [256, 512, 48, 480],
  [512, 1024, 12, 175],
  [1024, 2048, 3, 47],
  [320, 576, 26, 360],
  [320, 320, 45, 508],
  [320, 512, 34, 370],
];

const SEGNET = SEGNET_FPS.flatMap(([height, width, nano, xavier]) =>
  [
    { board: "nano", fps: nano },
    { board: "agx-xavier", fps: xavier },
  ].flatMap(({ board, fps }) =>
    figures({ source: "segnet", board, powerMode: null, trt: "5.1", device: "gpu" }, [
      { network: "fcn_resnet18", size: [height, width], fps },
    ]),
  ),
);

/** Pictures a second with GPU and both DLAs, and milliseconds of one picture on the GPU. */
function mlperf(
  source: FigureSource,
  board: string,
  trt: string,
  rows: readonly [
    network: string,
    offline: number,
    single: number,
    batch: number,
    dlaBatch: number,
  ][],
): Figure[] {
  return figures(
    { source, board, powerMode: null, trt, kind: "program", precision: "int8", device: "gpu" },
    rows.flatMap(([network, offline, single, batch, dlaBatch]): Row[] => [
      { network, ms: single },
      { network, fps: offline, device: "gpu+2dla", batch, dlaBatch },
    ]),
  );
}

const MLPERF = [
  ...mlperf("mlperf07", "agx-xavier", "7.2", [
    ["resnet50", 2074.53, 2.145, 64, 32],
    ["ssd_mobilenet_v1", 2532.74, 1.245, 64, 32],
    ["ssd_resnet34", 50.98, 28.53, 2, 1],
  ]),
  ...mlperf("mlperf07", "xavier-nx", "7.2", [
    ["resnet50", 1032.25, 3.206, 64, 32],
    ["ssd_mobilenet_v1", 1266.78, 1.674, 64, 32],
    ["ssd_resnet34", 26.78, 46.9, 2, 1],
  ]),
  ...mlperf("mlperf11", "agx-xavier", "8.0", [
    ["resnet50", 2039.11, 1.834, 64, 32],
    ["ssd_mobilenet_v1", 2833.59, 1.002, 64, 32],
    ["ssd_resnet34", 55.16, 26.13, 2, 1],
  ]),
  ...mlperf("mlperf11", "xavier-nx", "8.0", [
    ["resnet50", 1245.1, 2.437, 64, 32],
    ["ssd_mobilenet_v1", 1786.91, 1.358, 64, 32],
    ["ssd_resnet34", 36.97, 42, 2, 1],
  ]),
];

const MLPERF_CONFIG = figures(
  {
    source: "mlperf07config",
    board: "agx-xavier",
    powerMode: null,
    trt: "7.2",
    kind: "program",
    precision: "int8",
    device: "gpu",
  },
  [
    { network: "resnet50", batch: 64, fps: 1478 },
    { network: "resnet50", batch: 32, fps: 396, device: "dla" },
    { network: "ssd_mobilenet_v1", batch: 64, fps: 2250 },
    { network: "ssd_mobilenet_v1", batch: 32, fps: 335, device: "dla" },
  ],
);

// Devices and batches of Xavier NX as jetson_benchmarks issue 2 lists them; of AGX Xavier, those of its ResNet-50.
const JETSON_BENCHMARKS = figures(
  {
    source: "jetsonBenchmarks",
    board: "xavier-nx",
    powerMode: null,
    trt: "7.1",
    precision: "int8",
    device: "gpu+2dla",
  },
  [
    { network: "inception_v4", batch: 2, dlaBatch: 1, fps: 311.73 },
    { network: "vgg19", device: "gpu", batch: 1, fps: 66.43 },
    { network: "yolov3_tiny", device: "gpu", batch: 8, fps: 546.69 },
    { network: "resnet50", batch: 4, dlaBatch: 2, fps: 824.02 },
    { network: "ssd_mobilenet_v1", batch: 8, dlaBatch: 2, fps: 887.6 },
    { network: "inception_v4", batch: 16, dlaBatch: 4, fps: 704, board: "agx-xavier" },
  ],
);

const ORIN_FPS: readonly [string, number, readonly number[]][] = [
  ["resnet50", 2, [2037, 1948, 1928, 1072]],
  ["ssd_mobilenet_v1", 2, [2664, 2506, 2472, 1313]],
  ["ssd_resnet34", 1, [83, 76, 74, 36]],
];

const ORIN_DLA = ["MAXN", "MODE_50W", "MODE_30W", "MODE_15W"].flatMap((powerMode, at) =>
  figures(
    {
      source: "dlasw",
      board: "agx-orin",
      powerMode,
      trt: "8.6",
      precision: "int8",
      device: "2dla",
    },
    ORIN_FPS.map(([network, batch, fps]) => ({ network, batch, fps: fps[at] ?? Number.NaN })),
  ),
);

export const FIGURES: readonly Figure[] = [
  ...TF2TRT,
  ...TKDNN,
  ...TKDNN_TINY,
  ...TORCH2TRT,
  ...MMDEPLOY,
  ...SEGNET,
  ...MLPERF,
  ...MLPERF_CONFIG,
  ...JETSON_BENCHMARKS,
  ...ORIN_DLA,
];
