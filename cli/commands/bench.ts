import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { z } from "zod";
import {
  BENCH_DEFAULTS,
  BenchAccelerator,
  BenchOrder,
  BenchReport,
} from "../../fleet/bench/index.ts";
import { asFleetError, FleetError } from "../../fleet/errors/index.ts";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import type { SshTarget } from "../../fleet/ssh/index.ts";
import { benchLines } from "../render/bench-text.ts";
import { reportIn } from "./bench-answer.ts";
import { benchOnBoard, parseBoard } from "./bench-on-board.ts";
import type { CommandContext } from "./command-context.ts";

interface BenchCommandOptions {
  board?: string;
  key: string;
  hostKey?: string;
  accelerator: string;
  batch?: string;
  precision?: string;
  threads: string;
  warmUp: string;
  duration: string;
  layers?: boolean;
  json?: boolean;
}

const AGENT = join(import.meta.dirname, "../../agent/main.ts");
/** What loading, building an engine and the account of the layers may take beside the measuring. */
const BESIDE_MS = 30 * 60_000;

const HELP = `
What is measured, as trtexec does (and gie/trtexec users will know):
  latency      one run with no other in flight: inputs to the accelerator, computing, outputs to the host;
               percentile p is the slowest run when the (100 - p) % slowest are left out
  throughput   runs over the host's time for all of them, with as many in flight as the backend gains from
  layers       by ONNX Runtime's own profile on the CPU, in runs of their own; by TensorRT's inspector their places

The model alone: no decoding of video or boxes, no tracking; \`npm run bench -- pipeline\` measures those.
Inputs are random. Power mode and clocks are noted; what the machine does not tell is said to be unknown.

With --board the board's own agent measures, beside whatever it runs: stop its pipelines, or read its load.

On a GPU or DLA an engine is built first, FP16 unless --precision names another.

Exit codes:
  0    measured
  2    not measured; the answer says why
  130  ended by Ctrl-C`;

/** Adds `bench`. */
export function registerBench({ program, run, signal }: CommandContext): void {
  program
    .command("bench")
    .argument("<model>", "ONNX file")
    .description("latency and throughput of a model alone, on this machine or a board")
    .option(
      "--board <[user@]host[:port]>",
      "a board with our agent, over SSH, instead of this machine",
    )
    .option("--key <file>", "private key for it", "~/.ssh/id_ed25519")
    .option("--host-key <fingerprint>", "SHA256:… that the board must prove to own")
    .option("--accelerator <which>", `one of ${BenchAccelerator.options.join(", ")}`, "cpu")
    .option("--batch <n>", "pictures of one run; default: as the model is")
    .option("--precision <which>", "fp32, fp16 or int8 of the engine; not for the cpu")
    .option("--threads <n>", "of one run on the cpu", "1")
    .option("--warm-up <ms>", "before anything is measured", String(BENCH_DEFAULTS.warmUpMs))
    .option("--duration <ms>", "of each of the two measurements", String(BENCH_DEFAULTS.durationMs))
    .option("--layers", "list what each layer took, or where it lies")
    .option("--json", "print one JSON object, for programs")
    .option("--json-schema", "print what --json prints as a JSON Schema, and end")
    .addHelpText("after", HELP)
    .action((file: string, options: BenchCommandOptions & { jsonSchema?: boolean }) =>
      run(() => (options.jsonSchema ? printSchema() : bench(file, options, signal))),
    );
}

function printSchema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(z.toJSONSchema(BenchReport), null, 2)}\n`);
  return Promise.resolve(0);
}

async function bench(
  file: string,
  options: BenchCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const order = orderOf(file, options);
  const target = targetOf(options);
  const report = await (target === null ? measured(order, signal) : onBoard(target, order, signal));
  const width = Math.max(60, process.stdout.columns ?? (Number(process.env["COLUMNS"]) || 100));
  const text = options.json
    ? JSON.stringify(report, null, 2)
    : benchLines(report, width, file).join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

function orderOf(file: string, options: BenchCommandOptions): BenchOrder {
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const parsed = BenchOrder.safeParse({
    model: resolve(file),
    accelerator: options.accelerator,
    precision: options.precision,
    batch: number(options.batch),
    threads: number(options.threads),
    warmUpMs: number(options.warmUp),
    durationMs: number(options.duration),
    layers: options.layers ?? false,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = OPTION_OF[String(issue?.path[0])] ?? "bench";
  throw new FleetError("USAGE", `${option}: ${issue?.message ?? "not understood"}`);
}

function targetOf({ board, key, hostKey }: BenchCommandOptions): SshTarget | null {
  if (board === undefined) {
    if (hostKey === undefined) return null;
    throw new FleetError("USAGE", "Expected --board with --host-key but got none");
  }
  return { ...parseBoard(board), privateKeyPath: key, hostKey };
}

async function onBoard(
  target: SshTarget,
  order: BenchOrder,
  signal: AbortSignal,
): Promise<BenchReport> {
  const { isTTY } = process.stderr;
  const onProgress = (what: string): void =>
    void (isTTY && process.stderr.write(`\r\x1b[K${what}`));
  try {
    return await benchOnBoard(target, order, { signal, besideMs: BESIDE_MS, onProgress });
  } finally {
    if (isTTY) process.stderr.write("\r\x1b[K");
  }
}

const OPTION_OF: Readonly<Record<string, string>> = {
  accelerator: "--accelerator",
  precision: "--precision",
  batch: "--batch",
  threads: "--threads",
  warmUpMs: "--warm-up",
  durationMs: "--duration",
};

/** The agent measures: nobody else loads the native runtime, and a crash of it ends that process alone. */
function measured(order: BenchOrder, signal: AbortSignal): Promise<BenchReport> {
  const child = spawn(process.execPath, [AGENT, "bench", JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, JETFLEET_ONNXRUNTIME: onnxRuntime(process.arch) },
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const deadline = setTimeout(() => child.kill("SIGKILL"), order.durationMs * 2 + BESIDE_MS);
  const progress = showProgress(order);
  return new Promise<BenchReport>((done, failed) => {
    let [out, words] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-500);
    });
    child.once("error", (cause) =>
      failed(new FleetError("RUNNER_CRASHED", "Cannot start a process to measure", { cause })),
    );
    child.once("close", (code, how) => {
      if (signal.aborted) return failed(new FleetError("CANCELLED", "Nothing was measured"));
      try {
        const report = reportIn(out);
        if (report !== null) return done(report);
      } catch (error) {
        return failed(asFleetError(error, "measuring a model"));
      }
      const end = how === null ? `with exit code ${code}` : `by ${how}`;
      const said = words.trim() === "" ? "" : `; its last words: ${words.trim()}`;
      failed(new FleetError("RUNNER_CRASHED", `The process that measured ended ${end}${said}`));
    });
  }).finally(() => {
    clearTimeout(deadline);
    signal.removeEventListener("abort", stop);
    progress();
  });
}

/** One line that is overwritten, where there is a terminal; returns what takes it away. */
function showProgress({ warmUpMs, durationMs }: BenchOrder): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const start = performance.now();
  const total = warmUpMs + 2 * durationMs;
  const show = (): void => {
    const passed = performance.now() - start;
    const seconds = (passed / 1000).toFixed(0);
    process.stderr.write(
      `\r\x1b[Kmeasuring: ${seconds} s of ${(total / 1000).toFixed(0)} s and loading`,
    );
  };
  show();
  const timer = setInterval(show, 500);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[K");
  };
}
