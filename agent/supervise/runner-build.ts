import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  read,
  writeFileSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FleetError } from "../../fleet/errors/index.ts";
import { isErrno } from "../../fleet/transfer/files/durable-file.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import type { NativeBuildOptions } from "../../native/binding/api.ts";
import { makeBuildFolder, removeBuildFolder } from "./build-folder.ts";
import { BuildPace } from "./build-pace.ts";
import { tryBuilt } from "./golden-run.ts";
import { holdLayers } from "./hold-layers.ts";
import { type BuildOptions, PIECE_BYTES } from "./ipc/build.ts";
import { toRunnerError } from "./ipc/messages.ts";
import type { FromRunner } from "./ipc/orders.ts";
import { loadAddon } from "./load-addon.ts";
import { ResultPipe } from "./result-pipe.ts";
import { TimingFile } from "./timing-file.ts";

/** Live pipelines come first: a builder takes what they leave. */
const NICE = 19;
/** A builder that works in silence still says that it lives. */
const ALIVE_MS = 2000;

interface BuildOrder {
  addonPath: string;
  options: BuildOptions;
}

/**
 * A build inside a runner's process: in a folder of its own, which nobody else needs to reach, so that a builder may be
 * another user than the agent. The engine leaves in pieces, each when it is asked for.
 */
export class RunnerBuild {
  readonly #tell: (message: FromRunner) => void;
  readonly #pipe = new ResultPipe();
  readonly #folder = makeBuildFolder();
  readonly #pace: BuildPace | null;
  #progress = { share: 0, step: "reading the model" };
  #engine: number | null = null;
  #timings: TimingFile | null = null;

  constructor(order: BuildOrder, tell: (message: FromRunner) => void) {
    this.#tell = tell;
    const { simulatedMs } = order.options;
    this.#pace = simulatedMs === undefined ? null : new BuildPace(simulatedMs);
    setPriority(NICE);
    const alive = setInterval(() => this.#tellProgress(), ALIVE_MS);
    this.#tellProgress();
    this.#build(order)
      .catch((error: unknown) => {
        const { code, message } = toRunnerError(error);
        // Nobody but this process knows its folder.
        const text = message.split(join(this.#folder, "model")).join(order.options.modelPath);
        const noRoom = this.#isDiskFull();
        this.#tell({ type: "build-failed", error: { code, message: text }, noRoom });
      })
      .finally(() => {
        clearInterval(alive);
        this.#pace?.stop();
      });
  }

  /** A piece from `offset` on; an empty one at the end, and of an engine that is not there. */
  read(offset: number): void {
    const send = (json: Uint8Array): void =>
      this.#pipe.send({ type: "engine", modelId: "", frames: 0, json });
    if (this.#engine === null) return send(Buffer.alloc(0));
    const piece = Buffer.alloc(PIECE_BYTES);
    read(this.#engine, piece, 0, PIECE_BYTES, offset, (error, bytes) =>
      send(piece.subarray(0, error === null ? bytes : 0)),
    );
  }

  /** Leaves nothing behind. A library that is at work cannot be told to stop: the process goes under its feet. */
  end(): void {
    if (this.#engine !== null) closeSync(this.#engine);
    try {
      removeBuildFolder(this.#folder);
    } finally {
      process.kill(process.pid, "SIGKILL");
    }
  }

  async #build({ addonPath, options }: BuildOrder): Promise<void> {
    const [model, engine] = ["model", "engine"].map((name) => join(this.#folder, name)) as [
      string,
      string,
    ];
    await copyVerified(options.modelPath, model, options.modelDigest);
    const timings = await this.#takeTimings(options);
    const { backendPath, runtimePath, accelerator, threads, engineKey } = options;
    const { keyed, computeCapability, calibration } = options;
    const table = join(this.#folder, "calibration");
    if (calibration !== undefined) await copyVerified(calibration.path, table, calibration.digest);
    const asked: NativeBuildOptions = {
      ...{ backendPath, runtimePath, accelerator, threads, engineKey, ...keyed },
      ...(computeCapability !== undefined && { computeCapability }),
      ...{ modelPath: model, modelDigest: options.modelDigest, enginePath: engine },
      ...(calibration !== undefined && { calibrationTablePath: table }),
      ...(timings !== null && { timingCachePath: timings.path }),
    };
    const report = await loadAddon(addonPath).buildEngine(asked, (share, step) => {
      this.#progress = { share, step };
      this.#tellProgress();
    });
    await this.#pace?.over;
    timings?.tell();
    this.#engine = openSync(engine, "r");
    const digest = await digestOfFile(engine);
    const sizeBytes = fstatSync(this.#engine).size;
    this.#progress = { share: 1, step: "trying it on golden pictures" };
    const tried = await tryBuilt(loadAddon(addonPath), options, { model, engine, digest });
    const { plan } = options;
    if (plan) this.#progress.step = "holding its layers against the plan";
    const held =
      plan === undefined
        ? null
        : await holdLayers(loadAddon(addonPath), { ...options, plan }, { model, engine }, report);
    // Whatever becomes of this process from here on, no file is left.
    removeBuildFolder(this.#folder);
    this.#tell({ type: "built", sizeBytes, digest, ...tried, held });
  }

  /** What an earlier builder found out goes on from; what this one finds out is told as it comes. */
  async #takeTimings({ timingCachePath: from }: BuildOptions): Promise<TimingFile | null> {
    if (from === undefined) return null;
    const path = join(this.#folder, "timing-cache");
    if (from !== "") await copyFile(from, path).catch(() => undefined);
    const file = new TimingFile(path, (json) =>
      this.#pipe.send({ type: "timing-cache", modelId: "", frames: 0, json }),
    );
    this.#timings = file;
    return file;
  }

  #tellProgress(): void {
    this.#timings?.tell();
    const { share, step } = this.#pace?.told(this.#progress) ?? this.#progress;
    const shown = Math.min(1, Math.max(0, share));
    this.#tell({ type: "build-progress", share: shown, step: step.slice(0, 200) });
  }

  /** Libraries say of a full disk that the model is bad; nothing must be held against a model for that. */
  #isDiskFull(): boolean {
    try {
      writeFileSync(join(this.#folder, "probe"), Buffer.alloc(PIECE_BYTES));
      return false;
    } catch (error) {
      return isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT");
    }
  }
}

/** The bytes that were hashed are those that are built from, whatever becomes of the file. Throws ARTIFACT_DIGEST. */
async function copyVerified(from: string, to: string, digest: string): Promise<void> {
  const hash = createHash("sha256");
  const source = createReadStream(from);
  source.on("data", (chunk) => hash.update(chunk));
  await pipeline(source, createWriteStream(to, { flags: "wx", mode: 0o600 }));
  const found = `sha256:${hash.digest("hex")}`;
  if (found === digest) return;
  throw new FleetError("ARTIFACT_DIGEST", `Expected ${digest} at ${from} but got ${found}`);
}
