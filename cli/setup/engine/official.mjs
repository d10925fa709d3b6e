import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { exec } from "../exec.mjs";
import { findOnPath } from "../lookup.mjs";
import { ENGINE_VERSION } from "./versions.mjs";

/** Where the npm package `pulumi` fetches from. */
const DOWNLOAD_URL = "https://get.pulumi.com/install.sh";
const FIRST_BYTE_MS = 10_000;
const DOWNLOAD_MS = 5 * 60_000;
const KEEP = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

/**
 * The official release, fetched by the official npm package, into `target`. Its 400 MB of other
 * languages are left out.
 * @param {string} target
 * @param {import("../steps/step.mjs").Context} context
 */
export async function downloadEngine(target, context) {
  await firstByte(DOWNLOAD_URL, context.signal);
  const home = mkdtempSync(join(context.cache, "engine", "download."));
  try {
    const args = ["exec", "--yes", `--package=pulumi@${ENGINE_VERSION}`, "--", "pulumi", "version"];
    await exec(findOnPath("npm") ?? "npm", args, {
      cwd: home,
      env: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "1", npm_config_ignore_scripts: "true" },
      onLine: context.log,
      signal: context.signal,
      deadlineMs: DOWNLOAD_MS,
    });
    const bin = join(home, "versions", ENGINE_VERSION, "bin");
    for (const name of readdirSync(bin)) {
      if (KEEP.includes(name)) cpSync(join(bin, name), join(target, name));
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Rejects unless the address answers with a first byte in time; where packets are dropped a
 * download would hang for minutes.
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {number} [deadlineMs]
 * @returns {Promise<void>}
 */
export function firstByte(url, signal, deadlineMs = FIRST_BYTE_MS) {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal }, (response) => {
      clearTimeout(timer);
      const { statusCode = 0 } = response;
      response.destroy();
      if (statusCode < 400) resolve();
      else reject(new Error(`${url} answered ${statusCode}`));
    });
    const late = () => request.destroy(new Error(`${url}: no answer in ${deadlineMs / 1000} s`));
    const timer = setTimeout(late, deadlineMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
