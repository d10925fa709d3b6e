import { spawn } from "node:child_process";
import type { Answer } from "./demo-world.ts";

/** A deployed pipeline needs about this long on a busy machine; an `up` that hangs longer is broken. */
const DEADLINE_MS = 300_000;

export interface UpAnswer extends Answer {
  tookMs: number;
}

interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  deadlineMs?: number | undefined;
}

/** Runs the real engine to its end; one that hangs is interrupted as a user would. */
export function runPulumi(
  command: string,
  args: readonly string[],
  { deadlineMs = DEADLINE_MS, ...options }: RunOptions,
): Promise<UpAnswer> {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGINT"), deadlineMs);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (text += String(chunk)));
    }
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128, text, tookMs: performance.now() - startedAtMs });
    });
  });
}
