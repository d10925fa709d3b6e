import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { FleetError } from "../../fleet/errors/index.ts";
import { throwIfAborted } from "../../fleet/transfer/backoff.ts";
import type { Compiler, Headers } from "./board-tools.ts";
import type { BackendSource } from "./source.ts";

export interface CompileOptions {
  source: BackendSource;
  headers: Headers;
  compiler: Compiler;
  /** Empty, and the caller's to remove. */
  folder: string;
  /** In all; a board of the slowest kind needs some minutes. */
  deadlineMs: number;
  /** Units that are done, and of how many. */
  onProgress: (done: number, of: number) => void;
}

/** As native/Makefile and tensorrt.mk compile it; -ffp-contract for the arithmetic that kernels share. */
const FLAGS =
  "-std=c++17 -O2 -fPIC -fvisibility=hidden -pthread -ffp-contract=off -Wno-deprecated-declarations";
/** What is kept of a compiler's words: its first errors say it, the rest follows from them. */
const MOST_WORDS = 64 * 1024;
const SHOWN_ERRORS = 3;

/**
 * Compiles the backend of TensorRT against the board's own headers, a unit at a time and giving way to all else. Resolves
 * with the path of the object. Throws NATIVE_LOAD in the compiler's words; OPERATION_TIMEOUT; BOARD_MEMORY_LOW; CANCELLED.
 */
export async function compileBackend(
  options: CompileOptions,
  signal: AbortSignal,
): Promise<string> {
  const { source, headers, folder, onProgress } = options;
  const endsAtMs = performance.now() + options.deadlineMs;
  for (const [path, text] of Object.entries(source.files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const includes = [
    "-I.",
    "-Igenerated",
    ...["-isystem", headers.folder, "-isystem", "backends/tensorrt/shim"],
  ];
  const objects: string[] = [];
  for (const unit of source.units) {
    onProgress(objects.length, source.units.length);
    const object = `${unit.replace(/[/.]/g, "-")}.o`;
    const args = [...FLAGS.split(" "), ...includes, "-c", unit, "-o", object];
    await run({ ...options, args, doing: `compiling ${unit}`, endsAtMs }, signal);
    objects.push(object);
  }
  const name = `libjetfleet-backend-tensorrt-${headers.name}.so`;
  const args = ["-shared", "-pthread", "-Wl,--no-undefined", "-s", "-o", name, ...objects, "-ldl"];
  await run({ ...options, args, doing: "linking", endsAtMs }, signal);
  return join(folder, name);
}

interface Step extends CompileOptions {
  args: readonly string[];
  doing: string;
  endsAtMs: number;
}

function run(step: Step, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  const { compiler, folder, args, deadlineMs, endsAtMs } = step;
  const timeIsUp = timeOut(step, deadlineMs);
  const leftMs = endsAtMs - performance.now();
  if (leftMs <= 0) return Promise.reject(timeIsUp);
  return new Promise((resolve, reject) => {
    // A group of its own: what a compiler starts ends with it. TMPDIR: what is left goes with the folder.
    const child = spawn("nice", ["-n", "19", compiler.command, ...args], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C", TMPDIR: folder },
    });
    let failure: FleetError | null = null;
    let words = "";
    const end = (why: FleetError): void => {
      failure ??= why;
      killGroup(child);
    };
    const cancel = (): void => end(new FleetError("CANCELLED", "Superseded or stopped"));
    const timer = setTimeout(() => end(timeIsUp), leftMs);
    signal.addEventListener("abort", cancel);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(0, MOST_WORDS);
    });
    child.on("error", (cause) => {
      failure ??= new FleetError("NATIVE_LOAD", `Cannot start ${compiler.command}`, { cause });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      if (failure === null && code === 0) resolve();
      else reject(failure ?? refused(step, words, code));
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

function timeOut({ doing, compiler }: Step, deadlineMs: number): FleetError {
  return new FleetError(
    "OPERATION_TIMEOUT",
    `Expected TensorRT's backend compiled within ${Math.round(deadlineMs / 60_000)} minutes but ${compiler.version} was still ${doing}`,
    {
      hint: "The board is too busy; deploy again when it has less to do, or ask for accelerator auto.",
    },
  );
}

function refused(
  { doing, compiler, headers }: Step,
  words: string,
  code: number | null,
): FleetError {
  const errors = words
    .split("\n")
    .filter((line) => /\b(error|Killed|undefined reference)\b/.test(line));
  const shown = (errors.length > 0 ? errors : words.trim().split("\n")).slice(0, SHOWN_ERRORS);
  const message = `Expected TensorRT's backend to compile against ${headers.name} in ${headers.folder} but ${compiler.version} ended with ${code} while ${doing}: ${shown.join(" | ") || "no words"}`;
  // The kernel ended it for want of memory: that says nothing of the sources.
  if (/\bKilled\b/.test(words)) return new FleetError("BOARD_MEMORY_LOW", message);
  const hint =
    "Compare the version of the headers with the library's, or ask for accelerator auto.";
  return new FleetError("NATIVE_LOAD", message, { hint });
}
