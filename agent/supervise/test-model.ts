import { type ChildProcess, fork } from "node:child_process";
import { FleetError } from "../../fleet/errors/index.ts";
import type { NativeLoadTimes } from "../../native/binding/api.ts";
import { FromRunner, type ModelOptions, type ToRunner } from "./ipc.ts";

export interface ModelTest {
  /** What is forked with the argument `runner`: the agent's own bundle. */
  bundlePath: string;
  addonPath: string;
  model: ModelOptions;
  signal: AbortSignal;
}

const DEADLINE_MS = 120_000;

/**
 * Loads a model, checks it against decoder and labels and runs it on a grey picture, in a process of its own: a
 * model that crashes the runtime takes nothing with it. Throws MODEL_INVALID, or RUNNER_CRASHED when it did.
 */
export async function testModel(test: ModelTest): Promise<NativeLoadTimes> {
  const child = fork(test.bundlePath, ["runner"], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
  });
  const kill = () => void child.kill("SIGKILL");
  const deadline = setTimeout(kill, DEADLINE_MS);
  test.signal.addEventListener("abort", kill);
  try {
    if (test.signal.aborted) kill();
    return await answer(child, test);
  } finally {
    clearTimeout(deadline);
    test.signal.removeEventListener("abort", kill);
    kill();
  }
}

function answer(child: ChildProcess, { addonPath, model, signal }: ModelTest) {
  return new Promise<NativeLoadTimes>((resolve, reject) => {
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-500);
    });
    child.on("error", (cause) =>
      reject(new FleetError("RUNNER_CRASHED", "Cannot start a process to test a model", { cause })),
    );
    child.once("close", (code, how) => {
      if (signal.aborted) return reject(new FleetError("CANCELLED", "Superseded or stopped"));
      const said = words.trim() === "" ? "" : `; its last words: ${words.trim()}`;
      const end = `${how === null ? `with exit code ${code}` : `by ${how}`}${said}`;
      reject(new FleetError("RUNNER_CRASHED", `The process that tested the model ended ${end}`));
    });
    child.on("message", (raw) => {
      const message = FromRunner.safeParse(raw).data;
      if (message?.type === "tested") resolve(message.times);
      if (message?.type === "test-failed") {
        reject(new FleetError(message.error.code, message.error.message));
      }
    });
    const order: ToRunner = { type: "test", addonPath, model };
    child.send(order, () => undefined); // that it is gone is told by `close`
  });
}
