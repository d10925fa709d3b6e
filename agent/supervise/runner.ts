/**
 * The child process that hosts the native runtime, one per pipeline: a crash in a decoder or a driver ends this
 * process and no other. It obeys its agent over IPC and never outlives it.
 */
import { createRequire } from "node:module";
import type { NativeAddon, NativePipeline } from "../../native/binding/api.ts";
import { type FromRunner, RunnerError, ToRunner } from "./ipc.ts";

/** The native runtime gets this long to stop in order before the process ends itself. */
const STOP_DEADLINE_MS = 3000;

export function runRunner(): void {
  if (process.send === undefined) {
    throw new Error("The runner is started by the agent; it needs its IPC channel");
  }
  let pipeline: Promise<NativePipeline> | null = null;

  process.on("message", (raw) => {
    const message = ToRunner.parse(raw);
    if (message.type === "start") pipeline = start(message);
    else void end(pipeline);
  });
  process.on("disconnect", () => void end(pipeline));
  // A stop of the unit signals the whole control group; the agent decides when its runners end.
  process.on("SIGTERM", ignore);
  process.on("SIGINT", ignore);
}

async function start(message: Extract<ToRunner, { type: "start" }>): Promise<NativePipeline> {
  try {
    const addon = loadAddon(message.addonPath);
    const pipeline = await addon.startPipeline(message.options, (native) => {
      tell({ type: "native", message: native });
    });
    tell({ type: "started", addonVersion: addon.version });
    return pipeline;
  } catch (error) {
    tell({ type: "start-failed", error: toRunnerError(error) });
    return { stop: () => Promise.resolve() };
  }
}

async function end(pipeline: Promise<NativePipeline> | null): Promise<void> {
  // SIGKILL instead of exit: exit runs destructors of vendor libraries, which may hang.
  const deadline = setTimeout(() => process.kill(process.pid, "SIGKILL"), STOP_DEADLINE_MS);
  await (await pipeline)?.stop();
  tell({ type: "stopped" });
  clearTimeout(deadline);
  process.exit(0);
}

function loadAddon(path: string): NativeAddon {
  try {
    return createRequire(path)(path) as NativeAddon;
  } catch (error) {
    const message = `Cannot load ${path}: ${error instanceof Error ? error.message : String(error)}`;
    throw Object.assign(new Error(message), { code: "NATIVE_LOAD" });
  }
}

function toRunnerError(error: unknown): RunnerError {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  return RunnerError.parse({ code: code ?? "INTERNAL", message });
}

function tell(message: FromRunner): void {
  if (process.connected) process.send?.(message);
}

function ignore(): void {
  // Left to the agent.
}
