import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LIBRARIES } from "./addon.ts";

const NATIVE = resolve(import.meta.dirname, "../../native");

/** `runtimePath` of a library that tells what is done to the real one (test/native/witness). */
export const WITNESS_PATH = join(NATIVE, "build/libjetfleet-witness.so");

export function buildWitness(): void {
  execFileSync("make", ["-C", NATIVE, "witness"], { stdio: "ignore" });
}

/** What the environment of a process must say for it to be watched. */
export function witnessEnv(log: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    JETFLEET_WITNESS_LOG: log,
    JETFLEET_WITNESS_RUNTIME: LIBRARIES.runtimePath,
  };
}

export function witnessed(log: string): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
}
