import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of a small file of the board, or null where it cannot be read. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}

/** Standard output of a tool of the board, or null where there is no such tool or it does not answer. */
export async function outputOf(command: string, args: string[]): Promise<string | null> {
  try {
    const { stdout } = await run(command, args, { timeout: 5000, maxBuffer: 2 ** 20 });
    return stdout;
  } catch {
    return null;
  }
}
