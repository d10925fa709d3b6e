import { performance } from "node:perf_hooks";
import { librariesBytes } from "../../fleet/engine/index.ts";
import { asFleetError, isFleetError } from "../../fleet/errors/index.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import type { NewEvent } from "../report/event-journal.ts";
import { askRunner } from "../supervise/ask-runner.ts";
import { memoryLimit } from "../supervise/memory-watch.ts";
import type { LaunchRunner } from "../supervise/runner-child.ts";
import { Turns } from "../update/turns.ts";
import type { KernelStore } from "./kernel-store.ts";
import type { SiliconBuilder } from "./recipes.ts";

/** NVRTC takes a second or two for each on a board. */
const DEADLINE_MS = 120_000;

export interface KernelsOptions {
  store: Pick<KernelStore, "holds" | "refused" | "keep">;
  launch: LaunchRunner;
  addonPath: string;
  /** Version of the NVRTC that is installed; null where nobody tells. */
  nvrtc: () => Promise<string | null>;
  onEvent: (event: NewEvent) => void;
}

/**
 * Kernels of the backend that this device uses, compiled once by a builder instead of by each runner at each start: on a
 * board runners may write nowhere. Without them a runner compiles its own, so what keeps them from being made stops nothing.
 */
export class Kernels {
  readonly #options: KernelsOptions;
  readonly #turns = new Turns();
  /** The last failure that was told; the same is not told again. */
  #told = "";

  constructor(options: KernelsOptions) {
    this.#options = options;
  }

  /** Of kernels that are foreign, cut, altered or gone. */
  tellRefused(errors: readonly { code: string; message: string }[]): void {
    for (const { code, message } of errors) {
      this.#options.onEvent({ kind: "kernels-refused", message: `${code}: ${message}` });
    }
  }

  /** Resolves once they lie there whole, or it was said why they do not. Throws CANCELLED. */
  bring(silicon: SiliconBuilder, signal: AbortSignal): Promise<void> {
    return this.#turns.take(async () => {
      try {
        await this.#bring(silicon, signal);
      } catch (error) {
        if (isFleetError(error, "CANCELLED")) throw error;
        const { code, message } = asFleetError(error, "compiling kernels for the GPU");
        const text = `${code}: ${message}: each runner compiles its own`;
        if (this.#told !== text) this.#options.onEvent({ kind: "kernels-failed", message: text });
        this.#told = text;
      }
    });
  }

  async #bring(silicon: SiliconBuilder, signal: AbortSignal): Promise<void> {
    const { store, launch, addonPath, nvrtc, onEvent } = this.#options;
    const { backendPath, runtimePath } = silicon;
    const key = await keyOf(silicon, await nvrtc());
    this.tellRefused(await store.refused());
    if (store.holds(key)) return;
    const startedAtMs = performance.now();
    const capability = capabilityOf(silicon);
    const compiled = await askRunner({
      ...{ launch, signal, deadlineMs: DEADLINE_MS },
      memoryLimitBytes: memoryLimit(0) + librariesBytes("silicon"),
      order: {
        ...{ type: "kernels", addonPath, backendPath, runtimePath },
        ...(silicon.absentCard !== undefined && { computeCapability: capability }),
      },
      read: (message) => (message.type === "kernels" ? message.base64 : undefined),
      who: "The process that compiled kernels",
    });
    const kernels = compiled.map((one) => Buffer.from(one, "base64"));
    const { compiler, sizeBytes } = await store.keep({ key, capability }, kernels);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const took = `in ${seconds.toFixed(1)} s: ${sizeBytes} bytes`;
    onEvent({
      kind: "kernels-compiled",
      message: `${kernels.length} kernels were compiled by NVRTC ${compiler} ${took}`,
      data: { compiler, capability, kernels: kernels.length, sizeBytes, seconds },
    });
    this.#told = "";
  }
}

/** The sources lie in the backend, so its digest names them; another NVRTC is another key, where a package tells it. */
async function keyOf(silicon: SiliconBuilder, nvrtc: string | null): Promise<string> {
  const lines = [
    "jetfleet kernels 1",
    `backend ${await digestOfFile(silicon.backendPath)}`,
    `compute-capability ${silicon.machine.computeCapability}`,
    `nvrtc ${nvrtc ?? "unknown"}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** 86 of "8.6". */
function capabilityOf({ machine }: SiliconBuilder): number {
  return Number(machine.computeCapability.replace(".", ""));
}
