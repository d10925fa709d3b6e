/**
 * Stands in for jetfleet.node where the native runtime is not built: same surface, no video. The model's bytes and
 * the source's URI say how it behaves:
 *
 *   model begins with "bad"      is refused with MODEL_INVALID wherever it is loaded
 *   model begins with "abort"    the process dies while loading it
 *   model begins with "mute"     loads, but no frame ever comes
 *   model begins with "fatal"    loads, and the process dies after a few frames
 *   model begins with "lazy"     loads, and gives a tenth of the frames
 *   model begins with "slow"     takes two seconds to load
 *   model begins with "fickle"   passes its test and is refused by the running pipeline
 *   model begins with "large"    has no room beside another one, wherever it is loaded, and loses ten frames in turn
 *   model begins with "large bad"  … and is refused when it has room
 *   model begins with "unbuildable"  no engine can be made of it
 *   model begins with "brittle"  the process dies while it builds
 *   model holds "heavy"          takes three seconds to build, in phases, "brief" one, and "endless" for ever
 *   URI holds /silent            the source says that it connects and nothing else
 *   URI ends in /unreachable     the source is lost again and again
 *   URI ends in /crash           the process dies after a second or so
 *   URI ends in /refused         a source that comes while others play is refused
 *   further sources              are lost again and again by the same word, or say that they play; no frame is theirs
 *   URI ends in /hang            the process blocks in native code after a second or so, and hears nothing
 *
 * A secondary model is loaded likewise, and answers of every object by its text.
 *
 * An engine is the model's own text and the key that it was built under: what is loaded begins as its model does.
 * Loading a model and connecting to a camera take time, as they do on a board.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Attributes, DetectedFrame, PipelineStats } from "../../../fleet/contract/index.ts";
import { Decoder } from "../../../fleet/spec/index.ts";
import type {
  NativeAddon,
  NativeBenchTimes,
  NativeMessage,
  NativeModelOptions,
  NativeModelSwap,
  NativeSource,
} from "../../../native/binding/api.ts";
import { toReceiver } from "./to-receiver.ts";

type StartPipeline = NativeAddon["startPipeline"];

const FRAME_MS = 50;
const LOAD_MS = 150;
const CONNECT_MS = 200;
const LOST_IN_TURN = 10;

export const version = "fake";

export const startPipeline: StartPipeline = async (options, receiver) => {
  const onMessage = toReceiver(receiver);
  await load(options.model);
  for (const { name, model } of options.secondary ?? []) {
    await load(model).catch((error: Error & { code: string }) => {
      const { code, message } = error;
      return Promise.reject(Object.assign(new Error(`${name}: ${message}`), { code }));
    });
  }
  const [uri = ""] = options.sources.map((source) => source.uri);
  onMessage({ type: "source", state: "connecting", error: null });
  if (uri.includes("/silent")) return handle([], () => Promise.resolve(NO_FRAMES));
  if (uri.endsWith("/unreachable")) {
    const timer = loseSource(uri, onMessage);
    return handle([timer], () => Promise.resolve(NO_FRAMES));
  }
  const player = new Player(options, onMessage);
  const others = new Others(player.timers, onMessage);
  for (const source of options.sources.slice(1)) others.add(source);
  return handle(player.timers, (model, how) => player.swap(model, how), others);
};

/** Sources beside the first, as they come and go. */
class Others {
  readonly #timers: NodeJS.Timeout[];
  readonly #onMessage: (message: NativeMessage) => void;
  readonly #playing = new Map<string, NodeJS.Timeout>();

  constructor(timers: NodeJS.Timeout[], onMessage: (message: NativeMessage) => void) {
    this.#timers = timers;
    this.#onMessage = onMessage;
  }

  add(source: NativeSource): void {
    if (source.uri.endsWith("/refused")) {
      throw Object.assign(new Error(`Expected another source`), { code: "USAGE" });
    }
    const timer = playBeside(source, this.#onMessage);
    this.#playing.set(source.name ?? "", timer);
    this.#timers.push(timer);
  }

  remove(name: string): void {
    clearInterval(this.#playing.get(name));
    if (!this.#playing.delete(name)) throw new Error(`Expected a source but got ${name}`);
  }
}

export const testModel: NativeAddon["testModel"] = async (model) => {
  requireRoom(await load(model));
  const decoder = Decoder.parse(model.decoder);
  return { loadMs: LOAD_MS, warmMs: 1, decoder, reason: "", input: { width: 64, height: 64 } };
};

const PHASES = ["reading the graph", "timing kernels", "choosing formats", "writing the engine"];
const HEAVY_PHASE_MS = 750;
const BRIEF_PHASE_MS = 250;

export const buildEngine: NativeAddon["buildEngine"] = async (options, onProgress) => {
  const text = readFileSync(options.modelPath, "latin1");
  const slow = text.includes("heavy");
  for (const [at, phase] of PHASES.entries()) {
    onProgress(at / PHASES.length, phase);
    if (text.startsWith("brittle") && at === 2) process.kill(process.pid, "SIGSEGV");
    if (slow) await delay(HEAVY_PHASE_MS);
    if (text.includes("brief")) await delay(BRIEF_PHASE_MS);
    while (text.includes("endless")) await delay(HEAVY_PHASE_MS);
  }
  if (text.startsWith("unbuildable")) {
    const error = new Error("Expected a model that can be built but got a node nobody knows");
    throw Object.assign(error, { code: "MODEL_INVALID", problems: [] });
  }
  writeFileSync(options.enginePath, `${text}\n${options.engineKey ?? ""}`, "latin1");
  return { layers: [], problems: [] };
};

/** Of TensorRT 10.6 on an H100, of models/street-v2-b1.onnx: a convolution that it left in float32, one that it did not. */
const RECORDED = [
  {
    ...{ Name: "/stage2/stage2.0/stage2.0.0/Conv + /stage2/stage2.0/stage2.0.2/Relu" },
    ...{ LayerType: "CaskConvolution", Weights: { Type: "Float", Count: 432 } },
  },
  {
    ...{ Name: "/stage2/stage2.1/stage2.1.0/Conv + /stage2/stage2.1/stage2.1.2/Relu" },
    ...{ LayerType: "CaskConvolution", Weights: { Type: "Half", Count: 4608 } },
  },
  { Name: "Reformatting CopyNode for Network Input images", LayerType: "NoOp" },
];

/** What the library says of layers, whatever the engine is. */
export const benchModel: NativeAddon["benchModel"] = ({ batch }) => {
  const model = { inputs: [], outputs: [] } as unknown as NativeBenchTimes["model"];
  return Promise.resolve({
    ...{ backend: "fake", version: "0", accelerators: ["gpu"], model, batch, latencyMs: [1] },
    ...{ runs: 1, hostMs: 1, inFlight: 1, noInspection: null },
    inspection: JSON.stringify({ Layers: RECORDED, Bindings: [] }),
    layerTimes: RECORDED.map(({ Name: name }) => ({ name, ms: 1000 })),
  });
};

/** What is found follows from the text of the model alone, and so is the same by its engine. */
export const detectImage: NativeAddon["detectImage"] = async ({ path, digest, labels }) => {
  await delay(1);
  const bytes = readFileSync(path);
  requireDigest(bytes, digest);
  const seed = createHash("sha256")
    .update(bytes.toString("latin1").split("\n")[0] ?? "")
    .digest();
  return [...seed.subarray(0, 8)].map((byte, at) => ({
    label: labels[byte % labels.length] ?? "0",
    score: (byte + 1) / 257,
    box: [at * 10, byte, 20, 40] as DetectedFrame["detections"][0]["box"],
  }));
};

const NO_FRAMES: NativeModelSwap = {
  ...{ loadMs: 1, warmMs: 1, gapMs: null },
  ...{ firstIndex: null, firstSourceFrame: null, lastIndex: null, lastSourceFrame: null },
};

/** The text of the model's file; rejects or dies as the text wants it. */
async function load({ path, digest }: NativeModelOptions): Promise<string> {
  const bytes = readFileSync(path);
  const text = bytes.toString("latin1");
  requireDigest(bytes, digest);
  await delay(text.startsWith("slow") ? 2000 : LOAD_MS);
  if (text.startsWith("abort")) process.kill(process.pid, "SIGSEGV");
  if (!text.startsWith("bad")) return text;
  return Promise.reject(
    Object.assign(new Error("Expected a good model but got a bad one"), { code: "MODEL_INVALID" }),
  );
}

function requireRoom(text: string): void {
  if (!text.startsWith("large")) return;
  throw Object.assign(new Error("Not enough memory of the GPU"), { code: "MODEL_MEMORY" });
}

function requireDigest(bytes: Buffer, digest: string | undefined): void {
  const found = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (digest === undefined || digest === found) return;
  const error = new Error(`Expected ${digest} but got ${found}`);
  throw Object.assign(error, { code: "ARTIFACT_DIGEST" });
}

function handle(timers: NodeJS.Timeout[], swapModel: Player["swap"], sources?: Others) {
  return {
    swapModel,
    addSource: (source: NativeSource) => Promise.resolve(sources?.add(source)),
    removeSource: (name: string) => Promise.resolve(sources?.remove(name)),
    setDetectInterval: () => undefined,
    setAdmission: () => undefined,
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      return Promise.resolve();
    },
  };
}

function loseSource(uri: string, onMessage: (message: NativeMessage) => void) {
  const error = { code: "SOURCE_UNREACHABLE" as const, message: `no answer from ${uri}` };
  return setInterval(() => onMessage({ type: "source", state: "lost", error }), 200);
}

function playBeside({ name, uri }: NativeSource, onMessage: (message: NativeMessage) => void) {
  const told = (message: NativeMessage) => onMessage({ ...message, source: name } as NativeMessage);
  if (uri.endsWith("/unreachable")) return loseSource(uri, told);
  return setTimeout(() => told({ type: "source", state: "playing", error: null }), CONNECT_MS);
}

class Player {
  readonly timers: NodeJS.Timeout[];
  readonly #options: Parameters<StartPipeline>[0];
  readonly #onMessage: (message: NativeMessage) => void;
  #model: NativeModelOptions;
  #text: string;
  /** Of the secondary models. */
  readonly #answers: Attributes;
  #index = 0;
  #ticks = 0;

  constructor(options: Parameters<StartPipeline>[0], onMessage: (message: NativeMessage) => void) {
    this.#options = options;
    this.#onMessage = onMessage;
    this.#model = options.model;
    this.#text = readFileSync(options.model.path, "latin1");
    const answers = (options.secondary ?? []).map(({ name, model }) => {
      const [label = ""] = readFileSync(model.path, "latin1").split("\n");
      return [name, { label, score: 0.9 }];
    });
    this.#answers = Object.fromEntries(answers) as Attributes;
    this.timers = [
      setTimeout(() => this.#play(), CONNECT_MS),
      setInterval(() => this.#tellStats(), options.statsIntervalMs),
    ];
  }

  async swap(model: NativeModelOptions, how?: { inTurn?: boolean }): Promise<NativeModelSwap> {
    const text = await load(model);
    if (how?.inTurn !== true) requireRoom(text);
    if (text.startsWith("large bad")) {
      throw Object.assign(new Error("Expected a good model"), { code: "MODEL_INVALID" });
    }
    if (text.startsWith("fickle")) {
      throw Object.assign(new Error("It was good a moment ago"), { code: "MODEL_INVALID" });
    }
    this.#model = model;
    this.#text = text;
    this.#ticks = 0;
    if (text.startsWith("mute")) return NO_FRAMES;
    const lastIndex = this.#index - 1;
    if (text.startsWith("large")) this.#index += LOST_IN_TURN;
    const firstIndex = this.#index;
    const numbers = { firstSourceFrame: firstIndex + 7, lastSourceFrame: lastIndex + 7 };
    const gapMs = FRAME_MS * (firstIndex - lastIndex);
    return { loadMs: LOAD_MS, warmMs: 1, gapMs, firstIndex, lastIndex, ...numbers };
  }

  #play(): void {
    const source = this.#options.sources[0]?.name;
    this.#onMessage({ type: "source", source, state: "playing", error: null });
    this.timers.push(setInterval(() => this.#tick(), FRAME_MS));
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#text.startsWith("mute")) return;
    if (this.#text.startsWith("lazy") && this.#ticks % 10 !== 0) return;
    const json = bytesOf([frameOf(this.#index, this.#answers)]);
    this.#onMessage({ type: "frames", modelId: this.#model.id ?? "", frames: 1, json });
    this.#index += 1;
    if (this.#text.startsWith("fatal") && this.#ticks > 3) process.abort();
    if (this.#index <= 25) return;
    const [uri = ""] = this.#options.sources.map((source) => source.uri);
    if (uri.endsWith("/crash")) process.abort();
    if (uri.endsWith("/hang")) for (;;);
  }

  #tellStats(): void {
    const stats = statsOf(this.#options.name, this.#index);
    this.#onMessage({ type: "stats", json: bytesOf(stats) });
  }
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function frameOf(index: number, attributes: Attributes): DetectedFrame {
  const person = {
    label: "person",
    score: 0.9,
    box: [index, 10, 20, 40] as DetectedFrame["detections"][0]["box"],
  };
  return {
    sourceFrame: index + 7,
    index,
    ptsMs: index * FRAME_MS,
    capturedAtMs: null,
    width: 1280,
    height: 720,
    detections: [person],
    tracks: [{ ...person, trackId: 1, ...(Object.keys(attributes).length > 0 && { attributes }) }],
  };
}

function statsOf(name: string, framesTotal: number): PipelineStats {
  return {
    name,
    fps: 1000 / FRAME_MS,
    framesTotal,
    droppedTotal: 0,
    latencyMs: { p50: 5, p95: 8, p99: 9, max: 10 },
    latencyFrom: "arrival",
    stages: [],
    tracksTotal: 1,
    copiesPerFrame: 1,
    copiedBytesPerFrame: 1_382_400,
    source: { state: "playing", reconnects: 0 },
  };
}
