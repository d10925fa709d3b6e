import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TrialOrder } from "../../../fleet/bench/index.ts";
import { onnxRuntime } from "../../../fleet/provision/runtime/sources.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** The agent tries: nobody else loads the native runtime, and a crash of it ends that process alone. */
const AGENT = join(ROOT, "agent/build/agent.cjs");

export interface TrialBounds {
  /** What is run with `try ORDER`. */
  entry: string;
  /** From the start of the process. */
  deadlineMs: number;
  /** Of all that it may write to; a model that asks for more is told that there is none. */
  memoryBytes: number;
}

/** What the process said, or what it died of. */
export type TrialEnd = { said: string } | { died: string } | { failed: string };

/** Of a large net on a slow processor, a few pictures take seconds. */
const DEADLINE_MS = 180_000;
/** Node and the runtime, then the activations of a few pictures. */
const BASE_BYTES = 3 * 2 ** 30;
/** Weights are held as they were read, as they are used, and as they were arranged for the processor. */
const PER_MODEL_BYTE = 6;
/** Far above what an answer has. */
const MOST_CHARACTERS = 1 << 20;
const MOST_WORDS = 500;

export function boundsFor(modelBytes: number): TrialBounds {
  const memoryBytes = BASE_BYTES + PER_MODEL_BYTE * modelBytes;
  return { entry: AGENT, deadlineMs: DEADLINE_MS, memoryBytes };
}

/** All that an answer depends on, beside the order. */
export function triedWith(): string[] {
  const native = ["jetfleet.node", "libjetfleet-backend-onnxruntime.so"];
  const built = native.map((name) => join(ROOT, "native/build", name));
  return [AGENT, ...built, onnxRuntime(process.arch)];
}

/**
 * The kernel holds it to its bounds even when this process is gone; where it has narrower ones already, those stay.
 * Processor time is for one thread.
 */
const BOUNDED = 'ulimit -c 0; ulimit -d "$1"; ulimit -t "$2"; shift 2; exec "$@"';

/** Has a process try a model. Throws the signal's reason, when the process is gone. */
export async function runTrial(
  order: TrialOrder,
  { entry, deadlineMs, memoryBytes }: TrialBounds,
  signal: AbortSignal,
): Promise<TrialEnd> {
  signal.throwIfAborted();
  const kibibytes = String(Math.ceil(memoryBytes / 1024));
  const seconds = String(Math.ceil(deadlineMs / 1000) + 1);
  const command = [process.execPath, entry, "try", JSON.stringify(order)];
  const child = spawn("/bin/sh", ["-c", BOUNDED, "sh", kibibytes, seconds, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, JETFLEET_ONNXRUNTIME: onnxRuntime(process.arch) },
  });
  let late = false;
  const end = (): boolean => child.kill("SIGKILL");
  const timer = setTimeout(() => {
    late = end();
  }, deadlineMs);
  signal.addEventListener("abort", end);
  try {
    return await new Promise((done, failed) => {
      let [out, words] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out = (out + text).slice(0, MOST_CHARACTERS);
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        words = (words + text).slice(-MOST_WORDS);
      });
      child.once("error", failed);
      child.once("close", (code, how) => {
        if (signal.aborted) return failed(signal.reason as Error);
        const said = words.trim() === "" ? "" : `; its last words: ${words.trim()}`;
        if (late || how === "SIGXCPU") {
          return done({ died: `it was not done with a few pictures after ${deadlineMs / 1000} s` });
        }
        if (how !== null) return done({ died: `what runs models died of it by ${how}${said}` });
        if (code === 0) return done({ said: out });
        done({ failed: `the process that tries models ended with exit code ${code}${said}` });
      });
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
