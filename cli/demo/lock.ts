import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { FleetError } from "../../fleet/errors/index.ts";
import { isErrno } from "../../fleet/transfer/files/durable-file.ts";

/** Runs `work` unless another demo of this state folder is at work; a lock whose process is gone does not count. */
export async function alone<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  if (!(await take(file))) {
    const holder = Number(await readFile(file, "utf8").catch(() => "0"));
    if (await isDemo(holder)) {
      throw new FleetError(
        "USAGE",
        `Expected to be the only demo here but process ${holder} is at work`,
        {
          hint: "Wait until it is done, or stop it with Ctrl-C.",
        },
      );
    }
    await rm(file, { force: true });
    await take(file);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

async function isDemo(pid: number): Promise<boolean> {
  if (pid === process.pid) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("cli/demo/main.ts");
}
