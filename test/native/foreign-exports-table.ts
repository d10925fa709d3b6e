import { join } from "node:path";
import { type Decoder, ModelInput } from "../../fleet/spec/index.ts";
import { fetchWheel } from "../../native/wheel.mjs";
import { COCO, data } from "./addon.ts";

/** Packages of the Python index, each of these very bytes. */
export const WHEELS = {
  nudenet: {
    requirement: "nudenet==3.4.2",
    sha256: "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331",
  },
  ddddocr: {
    requirement: "ddddocr==1.6.1",
    sha256: "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935",
  },
  rapidocr: {
    requirement: "rapidocr-onnxruntime==1.4.4",
    sha256: "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
  },
};

export interface Export {
  /** Of ../shared/data/models, or of a package. */
  file: string;
  from?: keyof typeof WHEELS;
  labels?: string[];
  decoder?: Decoder;
  input?: ModelInput;
  /** Where boxes are compared and there is nothing for it to see; 0.3 unless said. */
  minScore?: number;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);
const sides = (width: number, height = width): ModelInput => ModelInput.parse({ width, height });
/** As PaddleOCR has it: (x / 255 - 0.5) / 0.5. */
const HALVES = { mean: [127.5, 127.5, 127.5], scale: [1, 1, 1].map(() => 1 / 127.5) };

/** What runs: the decoder that is found, and what must be seen in at least half of the clip's pictures. */
export const RUN: [Export, Decoder, string | null][] = [
  [{ file: "yolox_nano.onnx", labels: COCO }, "yolox", "person"],
  [{ file: "fastestdet.onnx", labels: COCO }, "fastestdet", "person"],
  [{ file: "yunet_n_320.onnx", labels: ["face"] }, "yunet", "face"],
  [{ file: "ultraface_rfb_320.onnx", labels: ["face"] }, "ultraface", "face"],
  [{ file: "mobilenet_v2_int8_qdq.onnx", labels: numbered(1000) }, "classification", null],
  // Its vectors are read by themselves; a pipeline has no boxes of it.
  [{ file: "person_reid_0288.onnx", decoder: "reid" }, "reid", null],
  // Its class 9 is feet in shoes. Its own reader turns the colours twice.
  [
    {
      from: "nudenet",
      file: "nudenet/320n.onnx",
      labels: numbered(18),
      input: { ...sides(320), fit: "letterbox", channels: "bgr", pad: 0 },
    },
    "yolov8",
    "9",
  ],
  // Finds glyphs; in pictures of people it is never sure of one.
  [
    { from: "ddddocr", file: "ddddocr/common_det.onnx", labels: ["text"], minScore: 0.01 },
    "yolox",
    null,
  ],
  // Which way up a line of text is.
  [
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
      labels: ["0", "180"],
      input: ModelInput.parse({ ...sides(192, 48), ...HALVES, fit: "letterbox", channels: "bgr" }),
    },
    "classification",
    null,
  ],
];

export const REFUSED: [string, Export, RegExp][] = [
  [
    "open sizes that nobody named",
    { from: "nudenet", file: "nudenet/320n.onnx", labels: numbered(18) },
    /leaves open: name them as the model's input\.width and input\.height/,
  ],
  [
    "another number of labels",
    { from: "nudenet", file: "nudenet/320n.onnx", labels: numbered(80), input: sides(320) },
    /none of yolov10, rt-detr makes sense/,
  ],
  [
    "a vector without a name",
    { file: "person_reid_0288.onnx" },
    /none fits the model with 1 labels/,
  ],
  [
    "YOLOX's other export",
    { file: "yolox_nano.onnx", labels: COCO, decoder: "yolox-decoded" },
    /the outputs mean something else/,
  ],
  [
    "a map of where text is",
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
      input: sides(320),
    },
    /none fits the model with 1 labels/,
  ],
  [
    "letters in a row",
    {
      from: "rapidocr",
      file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
      input: sides(320, 48),
    },
    /none fits the model with 1 labels/,
  ],
  [
    "pictures of one channel",
    { from: "ddddocr", file: "ddddocr/common.onnx" },
    /Expected an input of shape \[N,3,H,W\] or \[N,H,W,3\]/,
  ],
  [
    "another with pictures of one channel",
    { from: "ddddocr", file: "ddddocr/common_old.onnx" },
    /Expected an input of shape \[N,3,H,W\] or \[N,H,W,3\]/,
  ],
];

/** The exports of packages, unpacked in a folder. */
export type Wheels = Partial<Record<keyof typeof WHEELS, string>>;

export async function fetchExports(folder: string): Promise<Wheels> {
  const wheels: Wheels = {};
  for (const name of ["nudenet", "ddddocr", "rapidocr"] as const) {
    wheels[name] = await fetchWheel(folder, WHEELS[name]);
  }
  return wheels;
}

export function pathOf({ from, file }: Export, wheels: Wheels): string {
  return from === undefined ? data(`models/${file}`) : join(wheels[from] ?? "", file);
}
