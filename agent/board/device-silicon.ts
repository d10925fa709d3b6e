import { performance } from "node:perf_hooks";
import type { EngineBuild } from "../../fleet/contract/index.ts";
import { asFleetError, isFleetError } from "../../fleet/errors/index.ts";
import type { BoardName, DetectSpec, ModelManifest } from "../../fleet/spec/index.ts";
import { OwnBackend } from "../backend/own-backend.ts";
import type { SiliconBuilder } from "../engine/recipes.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { type Placing, placeOnSilicon } from "../supervise/place-on-silicon.ts";
import { type ConfiguredSilicon, type ReadSilicon, readSilicon } from "./silicon.ts";

interface DeviceOptions extends ConfiguredSilicon {
  /** Where the backend that is made here is kept. */
  backendFolder: string;
  /** Of TensorRT's headers; empty: where Ubuntu's packages put them. */
  tensorrtIncludePath: string;
  /** A simulated board has the packages of a board it is not, so nothing is compiled for them. */
  isSimulated: boolean;
}

/** Where it tells what becomes of it. */
export interface Listener {
  onEvent: (event: NewEvent) => void;
  onProgress: () => void;
}

/** What this device has beside its processor, and what makes it usable. */
export class DeviceSilicon {
  readonly #board: BoardName;
  readonly #options: DeviceOptions;
  readonly #own: OwnBackend;
  #read: ReadSilicon;
  #compiling: { model: ModelManifest; done: number; of: number; sinceMs: number } | null = null;
  /** Of the last failure that was told; the same is not told again. */
  #told = "";

  private constructor(
    board: BoardName,
    options: DeviceOptions,
    own: OwnBackend,
    read: ReadSilicon,
  ) {
    this.#board = board;
    this.#options = options;
    this.#own = own;
    this.#read = read;
  }

  static async open(board: BoardName, options: DeviceOptions): Promise<DeviceSilicon> {
    const { backendFolder: folder, bundlePath, tensorrtIncludePath } = options;
    const headers = tensorrtIncludePath === "" ? undefined : [tensorrtIncludePath];
    const own = new OwnBackend({ folder, bundlePath, headerFolders: headers });
    const read = await readSilicon(board, options, await own.kept());
    return new DeviceSilicon(board, options, own, read);
  }

  get builder(): SiliconBuilder | null {
    return this.#read.builder;
  }

  place(detect: Pick<DetectSpec, "accelerator" | "precision">): Placing {
    return placeOnSilicon(detect, this.#read.silicon);
  }

  /** What is being done for a model before its engine can be; null: nothing. */
  preparing(modelDigest: string): EngineBuild | null {
    if (this.#compiling?.model.digest !== modelDigest) return null;
    const { model, done, of, sinceMs } = this.#compiling;
    return {
      ...{ model: model.name, modelDigest, accelerator: "gpu" },
      phase: `compiling TensorRT's backend: ${done} of ${of} files`,
      progress: done / of,
      elapsedMs: Math.floor((performance.now() - sinceMs) / 1000) * 1000,
      waitsFor: null,
    };
  }

  /**
   * On first use compiles the backend against this board's own headers, where none that was sent serves the library that
   * is installed. Where that cannot be, it is told, and thrown when an accelerator is asked for by name and nothing else
   * serves it: NATIVE_LOAD with what to install, OPERATION_TIMEOUT, BOARD_MEMORY_LOW; CANCELLED.
   */
  async prepare(
    { detect, model }: { detect: DetectSpec; model: ModelManifest },
    { onEvent, onProgress }: Listener,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#mustCompile()) return this.#askAgain();
    try {
      const made = await this.#own.make(
        this.#read.silicon.tensorrt,
        (done, of) => {
          const sinceMs = this.#compiling?.sinceMs ?? performance.now();
          this.#compiling = { model, done, of, sinceMs };
          onProgress();
        },
        signal,
      );
      this.#read = await readSilicon(this.#board, this.#options, made.path);
      if (made.seconds === null) return;
      const took = `in ${made.seconds.toFixed(0)} s`;
      onEvent({
        kind: "backend-compiled",
        message: `TensorRT's backend was compiled on this board ${took}`,
      });
    } catch (error) {
      if (isFleetError(error, "CANCELLED")) throw error;
      const { code, message, hint } = asFleetError(error, "making TensorRT's backend");
      const text = `${code}: ${message}. ${hint}`;
      if (this.#told !== text) onEvent({ kind: "backend-refused", message: text });
      this.#told = text;
      const isByName = detect.accelerator !== undefined && detect.accelerator !== "auto";
      // One that was made before goes on serving.
      if (isByName && this.place(detect).place === null) throw error;
    } finally {
      this.#compiling = null;
    }
  }

  /** A PC's driver may be there by now, which was not when the agent started. */
  async #askAgain(): Promise<void> {
    const isUnknown = this.#read.builder === null && this.#read.silicon.unknown.length > 0;
    if (this.#board !== "x86" || !isUnknown) return;
    this.#read = await readSilicon(this.#board, this.#options, await this.#own.kept());
  }

  /** Whether a backend that is made here could give what nothing that was sent does. */
  #mustCompile(): boolean {
    const { tensorrtIncludePath, isSimulated } = this.#options;
    const { tensorrt, accelerators } = this.#read.silicon;
    const isAsked = tensorrtIncludePath !== "";
    if (!isAsked && (tensorrt === null || isSimulated)) return false;
    return accelerators.length > 0 && !this.#read.isSent;
  }
}
