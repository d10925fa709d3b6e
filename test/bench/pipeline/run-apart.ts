import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { EnvelopeReader } from "../../../agent/supervise/envelope.ts";
import { RESULT_FD } from "../../../agent/supervise/result-pipe.ts";
import { openEnvelope, type RunnerMessage } from "../../../agent/supervise/runner-message.ts";
import type { NativePipelineOptions } from "../../../native/binding/api.ts";
import type { Usage } from "./runner.ts";

/** A pipeline in a process of its own, whose results come as its agent gets them. */
export class RunApart {
  readonly #runner: ChildProcess;

  constructor(options: NativePipelineOptions, onMessage: (message: RunnerMessage) => void) {
    this.#runner = fork(join(import.meta.dirname, "runner.ts"), {
      stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    });
    this.#runner.send(options);
    const reader = new EnvelopeReader();
    (this.#runner.stdio[RESULT_FD] as Readable).on("data", (chunk: Buffer) => {
      for (const envelope of reader.push(chunk)) onMessage(openEnvelope(envelope));
    });
  }

  async usage(): Promise<Usage> {
    this.#runner.send("how much?");
    const [usage] = (await once(this.#runner, "message")) as [Usage];
    return usage;
  }

  async stop(): Promise<void> {
    this.#runner.disconnect();
    await once(this.#runner, "exit");
  }
}
