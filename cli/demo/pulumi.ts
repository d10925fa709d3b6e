import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { FleetError } from "../../fleet/errors/index.ts";
import { demoPulumi } from "../setup/pulumi-env.mjs";
import { EventLog } from "./event-log.ts";

/** With --json, stdout is for the answer alone. */
export type Screen = "stdout" | "stderr";

export interface PulumiRun {
  args: readonly string[];
  /** What it is about, for errors: "deploying". */
  doing: string;
  /** Given on stdin: secrets never go into a command line, which every user of the machine can read. */
  input?: string;
  /** Its output goes to the screen as it comes; else it is kept and shown only in an error. */
  visible?: Screen;
  /** The project folder when it is not the program's. */
  cwd?: string;
  deadlineMs: number;
  signal: AbortSignal;
}

/** How long the engine may take to end an operation in order after it was asked to. */
const CANCEL_DEADLINE_MS = 60_000;

/** Runs the engine on the demo's stack; returns its output when that was not shown. Throws PULUMI_FAILED. */
export async function runPulumi(run: PulumiRun): Promise<string> {
  const { command, cwd, env } = engine();
  if (run.signal.aborted) throw cancelled(run);
  const terminal = run.visible === "stdout" && process.stdin.isTTY && process.stdout.isTTY;
  const events = terminal ? await EventLog.make() : null;
  const child = spawn(command, [...run.args, ...(events?.args ?? [])], {
    cwd: run.cwd ?? cwd,
    env: { ...env, ...events?.env },
    // On a terminal the engine reads Ctrl-C from the keyboard itself; elsewhere only we pass signals on. A second
    // one would make it give up at once and leave operations pending.
    detached: !terminal,
    stdio: run.visible
      ? [terminal ? "inherit" : "ignore", run.visible === "stdout" ? "inherit" : 2, "inherit"]
      : ["pipe", "pipe", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (output += String(chunk)));
  child.stdin?.on("error", () => {});
  child.stdin?.end(run.input ?? "");
  try {
    return await finish(run, child, terminal, () => output);
  } catch (error) {
    if (await events?.saysCancelled()) throw cancelled(run);
    throw error;
  } finally {
    await events?.remove();
  }
}

function cancelled(run: PulumiRun): FleetError {
  return new FleetError("CANCELLED", `Cancelled while ${run.doing}`);
}

/** Set-up's errors are plain JavaScript ones with the fields of ours. */
function engine(): ReturnType<typeof demoPulumi> {
  try {
    return demoPulumi();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "SETUP_MISSING")) throw error;
    const next = "hint" in error ? `Run: ${String(error.hint)}` : undefined;
    throw new FleetError("SETUP_MISSING", error.message, next === undefined ? {} : { hint: next });
  }
}

async function finish(
  run: PulumiRun,
  child: ChildProcess,
  terminal: boolean,
  output: () => string,
): Promise<string> {
  let late = false;
  const interrupt = (): void => void child.kill("SIGINT");
  const onAbort = (): void => {
    if (!terminal || run.signal.reason !== "SIGINT") interrupt();
    setTimeout(() => child.kill("SIGKILL"), CANCEL_DEADLINE_MS).unref();
  };
  const timer = setTimeout(() => {
    late = true;
    interrupt();
    setTimeout(() => child.kill("SIGKILL"), CANCEL_DEADLINE_MS).unref();
  }, run.deadlineMs);
  run.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code === 0) return output();
    if (run.signal.aborted) throw cancelled(run);
    throw failed(run, code, late, output());
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener("abort", onAbort);
  }
}

function failed(run: PulumiRun, code: number | null, late: boolean, output: string): FleetError {
  const got = late ? `none within ${run.deadlineMs / 1000} s` : `exit code ${String(code)}`;
  const said = output.trim().split("\n").slice(-12).join("\n");
  const detail = run.visible !== undefined || said === "" ? "" : `:\n${said}`;
  const command = `pulumi ${run.args.slice(0, 2).join(" ")}`;
  return new FleetError(
    "PULUMI_FAILED",
    `Expected \`${command}\` to succeed but got ${got} while ${run.doing}${detail}`,
  );
}
