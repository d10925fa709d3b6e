import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Bench, BenchResult } from "../bench.ts";
import { parseRun, resultOf } from "./result.ts";

const root = join(import.meta.dirname, "../../..");

/** `run` beside this file, with what of its settings is not in the environment where a checkout has it. */
export const tensorrtBench: Bench = {
  name: "tensorrt",
  summary: "the TensorRT backend on this machine's GPU; settings are said in tensorrt/run",
  async run(log): Promise<BenchResult> {
    const { BACKEND, LIBRARY, DATA } = process.env;
    if (!BACKEND || !LIBRARY) {
      throw new Error(
        "Expected BACKEND, the backend for this machine's TensorRT, and LIBRARY, the folder with its libraries, in " +
          "the environment but got none. `make -C native tensorrt TENSORRT_INCLUDE=DIR` makes the backend",
      );
    }
    const out = await mkdtemp(join(tmpdir(), "jetfleet-bench-tensorrt-"));
    const bench = process.env["BENCH"] ?? join(root, "native/build/jetfleet-tensorrt-bench");
    const environment = { ...process.env, OUT: out, BENCH: bench, DATA: DATA ?? join(out, "data") };
    if (!existsSync(bench))
      await follow("make", ["-C", join(root, "native"), "tensorrt-bench"], log);
    if (!DATA)
      await follow(join(import.meta.dirname, "data"), [environment.DATA], log, environment);
    await follow(join(import.meta.dirname, "run"), [], log, environment);
    const file = join(out, "tensorrt.json");
    return resultOf(parseRun(await readFile(file, "utf8")), file);
  },
};

/** A command to its end, each line of it told. */
async function follow(
  command: string,
  args: string[],
  log: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) log(line);
  const code = await ended;
  if (code !== 0) throw new Error(`Expected ${command} to end with 0 but got ${code}`);
}
