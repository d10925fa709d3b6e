import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = join(import.meta.dirname, "../../../fleet/sim/board/main.ts");

export interface BoardProcess {
  sshPort: number;
  end(): Promise<void>;
}

/** A simulated AGX Xavier in a process of its own, so that its side of SSH takes no time of whoever measures. */
export async function startBoardProcess(options: {
  name: string;
  dir: string;
  /** Public key of who may log in. */
  key: string;
}): Promise<BoardProcess> {
  const { name, dir, key } = options;
  const args = ["--disable-warning=ExperimentalWarning", PROGRAM, "--board", "agx-xavier"];
  const child = spawn(
    process.execPath,
    [...args, "--name", name, "--dir", dir, "--authorized-key", key],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(() => Promise.reject(new Error("The simulated board ended before it was ready"))),
  ]);
  const { sshPort } = JSON.parse(String(line[0])) as { sshPort: number };
  return {
    sshPort,
    async end() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
