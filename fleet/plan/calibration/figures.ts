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

export const FIGURE_SOURCES = {
  tf2trt:
    "NVIDIA-AI-IOT/tf_to_trt_image_classification, README: Jetson TX2, JetPack 3.2, TensorRT 3",
  tkdnn:
    "ceccocats/tkDNN, README: YOLOv4 on TX2 (TensorRT 5), AGX Xavier (6), Xavier NX (7.1), Nano",
  tkdnnTiny: "ceccocats/tkDNN, issue 170: YOLOv4-tiny on AGX Xavier",
  torch2trt: "NVIDIA-AI-IOT/torch2trt, README: AGX Xavier, FP16, batch 1",
  segnet: "dusty-nv/jetson-inference, table of segmentation models: Nano and AGX Xavier, FP16",
  mlperf07: "mlcommons/inference_results_v0.7, closed, NVIDIA: Xavier boards, INT8",
  mlperf07config:
    "mlcommons/inference_results_v0.7, NVIDIA configs: expected rates of GPU and of DLA alone",
  mlperf11: "mlcommons/inference_results_v1.1, closed, NVIDIA: Xavier boards, JetPack 4.6, INT8",
  jetsonBenchmarks: "NVIDIA-AI-IOT/jetson_benchmarks, README sample, issues 2 and 23: INT8",
  dlasw: "NVIDIA/Deep-Learning-Accelerator-SW, README: both DLAs of AGX Orin, INT8",
} as const;
export type FigureSource = keyof typeof FIGURE_SOURCES;

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

type Shared = Omit<Figure, "id" | "model" | "network" | "ms" | "precision" | "batch"> &
  Partial<Pick<Figure, "precision" | "batch">>;
type Row = Partial<Figure> & { network: string; ms?: number; fps?: number };

function figures(shared: Shared, rows: readonly Row[]): Figure[] {
  return rows.map(({ fps, ...row }) => {
    const batch = row.batch ?? shared.batch ?? 1;
    const together = (row.device ?? shared.device).includes("2dla");
    const ms = row.ms ?? (1000 * (together ? 1 : batch)) / (fps ?? Number.NaN);
    const figure = {
      precision: "fp16" as const,
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

const TORCH2TRT_FPS: readonly [string, number][] = [
  ["alexnet", 565],
  ["squeezenet1_1", 1290],
  ["resnet18", 722],
  ["resnet34", 396],
  ["resnet50", 326],
  ["resnet101", 175],
  ["densenet121", 76.6],
  ["vgg16", 139],
  ["mobilenet_v2", 723],
  ["shufflenet_v2", 419],
  ["mnasnet1_0", 667],
];

const TORCH2TRT = figures(
  { source: "torch2trt", board: "agx-xavier", powerMode: null, trt: "5.1", device: "gpu" },
  TORCH2TRT_FPS.map(([network, fps]) => ({ network, fps })),
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
    { source, board, powerMode: null, trt, precision: "int8", device: "gpu" },
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
  ...SEGNET,
  ...MLPERF,
  ...MLPERF_CONFIG,
  ...JETSON_BENCHMARKS,
  ...ORIN_DLA,
];
