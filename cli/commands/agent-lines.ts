import { spawn } from "node:child_process";
import { join } from "node:path";
import { AloneLine, type AloneOrder } from "../../fleet/alone/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import { parseJson } from "../../fleet/release/index.ts";

const AGENT = join(import.meta.dirname, "../../agent/main.ts");
/** A pipeline that is told to stop has ended by then, whatever its source or a vendor's library does. */
const STOP_DEADLINE_MS = 10_000;
/** A line with a second of frames has some 100 kB; one that never ends is no line. */
const MOST_LINE_LENGTH = 64 << 20;

/** Line by line as it was written, with what it says. */
type OnLine = (line: AloneLine, text: string) => void;

/**
 * Has the agent run a pipeline on this machine: nobody else loads the native runtime, and a crash of it ends that process
 * alone. Resolves when its last line has come; throws RUNNER_CRASHED when none came. The signal stops it in order.
 */
export async function runByAgent(
  order: AloneOrder,
  signal: AbortSignal,
  onLine: OnLine,
): Promise<void> {
  const child = spawn(process.execPath, [AGENT, "pipeline"], {
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C is for us, who tell it in order.
    detached: true,
    env: { ...process.env, JETFLEET_ONNXRUNTIME: onnxRuntime(process.arch) },
  });
  let deadline: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill("SIGTERM");
    deadline = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  };
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  // One that ends before it has read its order says why.
  child.stdin.on("error", () => undefined).end(JSON.stringify(order));
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-500);
  });
  const closed = new Promise<string>((done, failed) => {
    child.once("error", (cause) =>
      failed(
        new FleetError("RUNNER_CRASHED", "Cannot start a process for the pipeline", { cause }),
      ),
    );
    child.once("close", (code, how) => done(how === null ? `with exit code ${code}` : `by ${how}`));
  });
  try {
    const isWhole = await readLines(child.stdout, onLine);
    const end = await closed;
    if (isWhole) return;
    const said = words.trim() === "" ? "" : `; its last words: ${words.trim()}`;
    throw new FleetError("RUNNER_CRASHED", `The pipeline's process ended ${end}${said}`);
  } finally {
    clearTimeout(deadline);
    kill();
    process.off("exit", kill);
    signal.removeEventListener("abort", stop);
  }
}

/** Whether a last line was among them. */
async function readLines(stdout: AsyncIterable<Buffer>, onLine: OnLine): Promise<boolean> {
  let rest = "";
  let isWhole = false;
  const decoder = new TextDecoder();
  for await (const piece of stdout) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_LINE_LENGTH) {
      throw new FleetError("RUNNER_CRASHED", "The pipeline's process writes no lines");
    }
    for (const text of lines) {
      const line = AloneLine.safeParse(parseJson(text));
      if (!line.success) {
        throw new FleetError(
          "RUNNER_CRASHED",
          `Expected a line of a pipeline but got ${text.slice(0, 200)}`,
        );
      }
      onLine(line.data, text);
      isWhole = line.data.type === "ended" || line.data.type === "failed";
    }
  }
  return isWhole;
}
